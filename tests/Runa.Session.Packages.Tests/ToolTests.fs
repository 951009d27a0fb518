module Runa.Session.Packages.Tests.ToolTests

open System
open System.IO
open System.Text.Json
open Expecto
open Runa.Session.Packages.Tests.Commands

type private Tool(folder: string) =
    do
        Consumer.dotnet
            folder
            [ "tool"; "install"; "Runa.Session.Tool"; "--tool-path"; "tool"; "--version"; Packed.version ]
        |> ignore

    member _.In = folder
    member _.RunWith(environment: (string * string) list, arguments: string list) : Outcome =
        run (Path.Combine(folder, "tool", "runa-session")) folder environment arguments

    member tool.Run(arguments: string list) : Outcome = tool.RunWith([], arguments)

let private withTool (work: Tool -> unit) = Consumer.inFolder (fun folder -> work (Tool folder))

let private fails (expected: string) (outcome: Outcome) =
    Expect.equal outcome.ExitCode 1 $"the exit code: {outcome.Text}"
    Expect.stringContains outcome.Error expected "what is wrong"

let private answers (expected: string) (outcome: Outcome) =
    Expect.equal outcome.ExitCode 0 $"the exit code: {outcome.Text}"
    Expect.stringContains outcome.Output expected "the answer"

let private shop =
    [ "--driver"; "sqlite"; "--connection"; "Data Source=shop.db"; "--application"; "Shop" ]
let private store = List.truncate 4 shop

[<Tests>]
let tests =
    testList
        "runa-session"
        [ test "makes secrets, checks files, and has help and exit codes" {
              withTool (fun tool ->
                  let secret = tool.Run [ "secret" ]
                  Expect.equal secret.ExitCode 0 "made"
                  Expect.hasLength (Convert.FromBase64String(secret.Output.Trim())) 32 "32 bytes"

                  Consumer.write tool.In "good.toml" "[sessions.web]\nttl = '2h'\n"
                  Consumer.write tool.In "bad.toml" "[sessions.web]\nttl = '2 hours'\ntll = '2h'\n"
                  tool.Run [ "check"; "good.toml" ] |> answers "good.toml is right."
                  let bad = tool.Run [ "check"; "bad.toml" ]
                  bad |> fails "session:sessions:web:ttl = \"2 hours\""
                  bad |> fails "session:sessions:web:tll: unknown key"
                  tool.Run [ "check"; "none.toml" ] |> fails "was not found"

                  let json = tool.Run [ "check"; "bad.toml"; "--json" ]
                  Expect.equal json.ExitCode 1 "the exit code"
                  use document = JsonDocument.Parse json.Output
                  Expect.equal (document.RootElement.GetProperty("errors").GetArrayLength()) 2 "both mistakes"

                  tool.Run [ "--help" ] |> answers "devices"
                  Expect.equal (tool.Run [ "devises" ]).ExitCode 2 "an unknown command"
                  Expect.equal
                      (tool.Run [ "count"; "--driver"; "mysql"; "--application"; "Shop" ]).ExitCode
                      2
                      "an unknown driver")
          }
          test "creates the schema, and lists, ends, counts and purges sessions" {
              withTool (fun tool ->
                  tool.Run [ "schema"; "--driver"; "postgresql"; "--print" ] |> answers "CREATE TABLE"
                  tool.Run("count" :: shop) |> fails "unable to open database file"
                  tool.Run("schema" :: store) |> answers "The table runa_sessions is there."
                  tool.Run("count" :: shop) |> fails "The application \"Shop\" has no sessions"
                  Shop.fill (Path.Combine(tool.In, "shop.db"))

                  tool.Run("count" :: shop) |> answers "web: 4 sessions, 3 of them signed in"
                  let devices = tool.Run("devices" :: "user-1" :: shop)
                  devices |> answers "2 sessions \"web\" of the owner \"user-1\"."
                  devices |> answers "Laptop"
                  devices |> answers @"Phone\u001B[2K\u000ATablet"
                  tool.Run("devices" :: "user-3\n0 sessions" :: shop)
                  |> answers @"of the owner ""user-3\u000A0 sessions""."

                  let json = tool.Run("devices" :: "user-1" :: "--json" :: shop)
                  use document = JsonDocument.Parse json.Output
                  let sessions = document.RootElement.GetProperty "sessions"
                  Expect.equal (sessions.GetArrayLength()) 2 "two devices in JSON"
                  let handle = sessions[0].GetProperty("handle").GetString() |> string

                  tool.Run("logout" :: "user-2" :: "--device" :: handle :: shop)
                  |> fails "has no session \"web\" with the handle"
                  tool.Run("logout" :: "user-1" :: "--device" :: handle :: shop) |> answers "1 sessions"
                  tool.Run("logout" :: "user-1" :: shop)
                  |> answers "1 sessions \"web\" of the owner \"user-1\" were ended."
                  tool.Run("devices" :: "user-1" :: shop) |> answers "0 sessions"
                  tool.Run("count" :: shop) |> answers "web: 2 sessions, 1 of them signed in"
                  tool.RunWith([ "RUNA_CONNECTION", "Data Source=shop.db" ], [ "purge"; "--driver"; "sqlite" ])
                  |> answers "expired sessions were deleted."

                  let wrongName = [ for argument in shop -> if argument = "Shop" then "Shp" else argument ]

                  for verb in [ [ "count" ]; [ "devices"; "user-1" ]; [ "logout"; "user-1" ] ] do
                      tool.Run(verb @ wrongName) |> fails "The application \"Shp\" has no session")
          }
          test "a store that is down, a missing table and a missing secret are errors" {
              withTool (fun tool ->
                  let down driver connection =
                      [ "count"; "--driver"; driver; "--connection"; connection; "--application"; "Shop" ]
                  Expect.equal
                      (tool.Run(down "redis" "127.0.0.1:1,connectTimeout=500,syncTimeout=500")).ExitCode
                      1
                      "redis"
                  Expect.equal
                      (tool.Run(down "postgresql" "Host=127.0.0.1;Port=1;Username=x;Timeout=2")).ExitCode
                      1
                      "postgresql"

                  File.WriteAllBytes(Path.Combine(tool.In, "empty.db"), [||])
                  tool.Run(down "sqlite" "Data Source=empty.db") |> fails "The database has no table"
                  tool.Run [ "purge"; "--driver"; "sqlite"; "--connection"; "Data Source=empty.db" ]
                  |> fails "The database has no table"
                  tool.Run [ "purge"; "--driver"; "sqlite" ] |> fails "RUNA_CONNECTION"

                  Consumer.write tool.In "sealed.toml" "[sessions.web]\nsealed = true\n"
                  tool.Run("devices" :: "user-1" :: "--config" :: "sealed.toml" :: shop) |> fails "RUNA_SECRET")
          } ]
