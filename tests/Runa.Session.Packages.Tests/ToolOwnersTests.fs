module Runa.Session.Packages.Tests.ToolOwnersTests

open System
open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open Expecto
open Runa.Session
open Runa.Session.Packages.Tests.Tool

[<Tests>]
let tests =
    testList
        "runa-session, an owner's sessions"
        [ test "lists the sessions of an owner page by page" {
              withTool (fun tool ->
                  tool.Run("schema" :: store) |> answers "created"
                  Shop.addMany 205 (Path.Combine(tool.In, "shop.db"))
                  let devices = "devices" :: "user-9" :: shop

                  let rec pages (from: string list) : string list list =
                      let outcome = tool.Run(devices @ from @ [ "--json" ])
                      Expect.equal outcome.ExitCode 0 outcome.Text
                      use document = JsonDocument.Parse outcome.Output
                      let sessions = document.RootElement.GetProperty "sessions"
                      let handles =
                          [ for one in sessions.EnumerateArray() -> string (one.GetProperty("handle").GetString()) ]

                      match document.RootElement.GetProperty("next").GetString() with
                      | null -> [ handles ]
                      | next -> handles :: pages [ $"--page={next}" ]

                  let found = pages []
                  Expect.equal (found |> List.map _.Length) [ 100; 100; 5 ] "the driver's pages"
                  Expect.hasLength (found |> List.concat |> List.distinct) 205 "each session once"

                  let first = tool.Run devices
                  first |> answers "100 sessions \"web\" of the owner \"user-9\" on this page."
                  first |> answers "There may be more. The next page: --page=\""
                  let next = Regex.Match(first.Output, "--page=\"([^\"]+)\"").Groups[1].Value
                  tool.Run(devices @ [ $"--page={next}" ]) |> answers "100 sessions "
                  let whole = tool.Run(devices @ [ "--all" ])
                  whole |> answers "205 sessions \"web\" of the owner \"user-9\"."
                  Expect.isFalse (whole.Output.Contains "--page") "nothing follows"
                  let whole = tool.Run(devices @ [ "--all"; "--json" ])
                  use document = JsonDocument.Parse whole.Output
                  Expect.equal (document.RootElement.GetProperty("sessions").GetArrayLength()) 205 "all in JSON"
                  Expect.isNull (document.RootElement.GetProperty("next").GetString()) "nothing follows"

                  tool.Run(devices @ [ "--page=zzzz" ])
                  |> misuses "--page: this is not what a page of this store ended with"
                  tool.Run(devices @ [ "--page=zzzzzzzzzzzzzzzzzzzzzw" ]) |> warns "No session follows"
                  tool.Run(devices @ [ "--page=zzzz"; "--all" ]) |> misuses "--page and --all exclude each other"
                  tool.Run(devices @ [ "--page" ]) |> misuses "--page")
          }
          test "issues a session that the application finds" {
              withTool (fun tool ->
                  let file = Path.Combine(tool.In, "shop.db")
                  let secret = tool.Run([ "secret" ]).Output.Trim()
                  let issue (arguments: string list) =
                      tool.RunWith([ "RUNA_SECRET", secret ], "issue" :: arguments @ shop)

                  tool.Run("schema" :: store) |> answers "created"
                  tool.Run("issue" :: "user-1" :: shop) |> fails "set the environment variable RUNA_SECRET"
                  issue [ " " ] |> misuses "The owner is empty"
                  issue [ "user-1"; "--lifetime"; "soon" ]
                  |> misuses "--lifetime = \"soon\": must be a duration such as"
                  issue [ "user-1"; "--lifetime"; "31d" ] |> misuses "lives at most 30d (max_ttl), not 31d"
                  tool.Run("count" :: shop) |> warns "The store holds no sessions."

                  let made = issue [ "user-1" ]
                  made |> answers "Cookie: __Host-runa_session="
                  made |> warns "Whoever has this cookie is signed in as the owner"
                  made |> warns "The store holds no sessions."
                  Expect.isFalse (made.Output.Contains "Whoever") "the warning is not in the answer"
                  let line (name: string) =
                      made.Output.Split '\n' |> Array.find _.StartsWith(name) |> _.Substring(name.Length).Trim()
                  let session = Shop.load secret (line "Cookie:") file
                  Expect.equal (Session.owner session) (Some "user-1") "signed in"
                  Expect.equal (Session.label session) (Some "Issued by runa-session") "as lists show it"
                  tool.Run("devices" :: "user-1" :: shop) |> answers (line "Handle:")
                  tool.Run("logout" :: "user-1" :: "--device" :: line "Handle:" :: shop) |> answers "1 session "
                  Expect.equal (Session.status (Shop.load secret (line "Cookie:") file)) SessionStatus.Expired "ended"

                  let json = issue [ "user-2"; "--lifetime"; "3d"; "--label"; "Load test"; "--json" ]
                  Expect.equal json.ExitCode 0 json.Text
                  use document = JsonDocument.Parse json.Output
                  let text (name: string) = string (document.RootElement.GetProperty(name).GetString())
                  let session = Shop.load secret (text "cookie") file
                  Expect.equal (Session.label session) (Some "Load test") "the label"
                  let lives = Session.expiresAt session - Session.createdAt session
                  Expect.equal lives (TimeSpan.FromDays 3.) "the lifetime"
                  Expect.equal (DateTimeOffset.Parse(text "expiresAt")) (Session.expiresAt session) "its end"
                  let warnings = document.RootElement.GetProperty("warnings").ToString()
                  Expect.stringContains warnings "Whoever has this cookie" "the warning in JSON"
                  tool.Run("devices" :: "user-2" :: shop) |> answers (text "handle")

                  let wrongName = [ for argument in shop -> if argument = "Shop" then "Shp" else argument ]
                  tool.RunWith([ "RUNA_SECRET", secret ], "issue" :: "user-3" :: wrongName)
                  |> fails "The application \"Shp\" has no sessions in this store"
                  tool.Run("count" :: shop) |> answers "web: 1 session, 1 of them signed in"

                  Consumer.write
                      tool.In
                      "one.toml"
                      "[sessions.web]\ncookie_name = 'shop'\nmax_ttl = '2h'\nmax_sessions = 1\nwhen_full = 'refuse'\n"
                  let limited = [ "--config"; "one.toml" ]
                  issue ([ "user-3"; "--lifetime"; "3h" ] @ limited) |> misuses "at most 2h (max_ttl)"
                  issue ("user-3" :: limited) |> answers "Cookie: shop="
                  issue ("user-3" :: limited) |> fails "which is the limit (max_sessions)")
          } ]
