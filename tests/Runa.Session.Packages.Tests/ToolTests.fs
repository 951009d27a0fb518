module Runa.Session.Packages.Tests.ToolTests

open System
open System.IO
open System.Text.Json
open Expecto
open Runa.Session.Packages.Tests.Tool

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
                  bad |> fails "It stands in bad.toml, line 2."
                  let none = tool.Run [ "check"; "none.toml" ]
                  none |> fails "\"none.toml\" was not found: looked for "
                  Expect.equal (none.Error.Split("none.toml").Length - 1) 2 "as it was given, and in full"
                  tool.Run [ "check"; "" ] |> misuses "The name of the file is empty"
                  Consumer.write tool.In "settings.json" "{ \"session\": { \"sessions\": {} } }"
                  tool.Run [ "check"; "settings.json" ] |> fails "a TOML file is expected, not JSON"

                  Consumer.write tool.In "admn.toml" "[sessions.admn]\nttl = '2h'\n[sessions.shop]\nttl = '2h'\n"
                  let unsure = tool.Run [ "check"; "admn.toml" ]
                  unsure |> answers "admn.toml is right, if the application registers every session that it names."
                  unsure |> warns "there is no session \"admn\". Did you mean \"admin\"?"
                  let known = tool.Run [ "check"; "admn.toml"; "--sessions"; "shop, cart" ]
                  known |> fails "there is no session \"admn\". Did you mean \"admin\"?"
                  Expect.isFalse (known.Error.Contains "session \"shop\"") "shop is registered"
                  tool.Run [ "check"; "admn.toml"; "--sessions"; "shop,admn" ] |> answers "admn.toml is right."

                  let json = tool.Run [ "check"; "bad.toml"; "--json" ]
                  Expect.equal json.ExitCode 1 "the exit code"
                  use document = JsonDocument.Parse json.Output
                  Expect.equal (document.RootElement.GetProperty("errors").GetArrayLength()) 2 "both mistakes"

                  tool.Run [ "--help" ] |> answers "devices"
                  tool.Run [ "--help" ] |> answers "runa-session [command]"
                  let missing = tool.Run [ "count"; "--json" ]
                  Expect.equal missing.ExitCode 2 "options are missing"
                  use document = JsonDocument.Parse missing.Output
                  Expect.equal (document.RootElement.GetProperty("errors").GetArrayLength()) 2 "both of them"
                  Expect.equal (tool.Run [ "devises" ]).ExitCode 2 "an unknown command"
                  Expect.equal
                      (tool.Run [ "count"; "--driver"; "mysql"; "--application"; "Shop" ]).ExitCode
                      2
                      "an unknown driver")
          }
          test "creates the schema, and lists, ends, counts and purges sessions" {
              withTool (fun tool ->
                  tool.Run [ "schema"; "--driver"; "postgresql"; "--print" ] |> answers "CREATE TABLE"
                  let closed = tool.Run("count" :: shop)
                  closed |> fails "unable to open database file"
                  closed |> fails (Path.Combine(tool.In, "shop.db"))
                  tool.Run("schema" :: store) |> answers "The table runa_sessions was created."
                  tool.Run("schema" :: store) |> answers "The table runa_sessions was there already."
                  tool.Run("schema" :: store @ [ "--table"; "a b" ]) |> misuses "--table: Table = \"a b\""
                  tool.Run [ "schema"; "--driver"; "redis" ] |> misuses "'redis' not recognized"

                  for verb in [ [ "count" ]; [ "devices"; "user-1" ]; [ "logout"; "user-1" ] ] do
                      tool.Run(verb @ shop) |> warns "The store holds no sessions."

                  Shop.fill (Path.Combine(tool.In, "shop.db"))

                  tool.Run("count" :: shop) |> answers "web: 4 sessions, 3 of them signed in"
                  let devices = tool.Run("devices" :: "user-1" :: shop)
                  devices |> answers "2 sessions \"web\" of the owner \"user-1\"."
                  devices |> answers @"Laptop  192.0.2.7  Fox\u001B[2K"
                  devices |> answers @"Phone\u001B[2K\u000ATablet"
                  tool.Run("devices" :: "user-3\n0 sessions" :: shop)
                  |> answers @"of the owner ""user-3\u000A0 sessions""."

                  let json = tool.Run("devices" :: "user-1" :: "--json" :: shop)
                  use document = JsonDocument.Parse json.Output
                  let sessions = document.RootElement.GetProperty "sessions"
                  Expect.equal (sessions.GetArrayLength()) 2 "two devices in JSON"
                  let handle = sessions[0].GetProperty("handle").GetString() |> string

                  let clients =
                      [ for one in sessions.EnumerateArray() do
                            Expect.equal (one.GetProperty("device").GetString()) "unbound" "its device"
                            one.GetProperty("address").GetString(), one.GetProperty("agent").GetString() ]
                  Expect.containsAll clients [ "192.0.2.7", "Fox\u001b[2K"; null, null ] "the clients in JSON"

                  tool.Run("logout" :: "user-2" :: "--device" :: handle :: shop)
                  |> fails "has no session \"web\" with the handle"
                  tool.Run("logout" :: "user-1" :: "--device" :: handle :: shop) |> answers "1 session "
                  tool.Run("logout" :: "user-1" :: shop)
                  |> answers "1 session \"web\" of the owner \"user-1\" was ended."
                  tool.Run("logout" :: "user-1" :: shop) |> answers "0 sessions"
                  tool.Run("devices" :: "user-1" :: shop) |> answers "0 sessions"
                  tool.Run("count" :: shop) |> answers "web: 2 sessions, 1 of them signed in"
                  tool.RunWith([ "RUNA_CONNECTION", "Data Source=shop.db" ], [ "purge"; "--driver"; "sqlite" ])
                  |> answers "expired sessions were deleted."

                  let wrongName = [ for argument in shop -> if argument = "Shop" then "Shp" else argument ]

                  for verb in [ [ "count" ]; [ "devices"; "user-1" ]; [ "logout"; "user-1" ] ] do
                      let wrong = tool.Run(verb @ wrongName)
                      wrong |> fails "The application \"Shp\" has no sessions in this store"
                      wrong |> fails "which holds sessions of \"Shop\""

                  Shop.addDeviceRecord (Path.Combine(tool.In, "shop.db"))

                  tool.Run("count" :: "--session" :: "shop" :: shop)
                  |> warns "The application has no sessions \"shop\" in this store, only \"web\": check --session."
                  Shop.add "shop" (Path.Combine(tool.In, "shop.db"))
                  tool.Run("count" :: shop) |> answers "shop: 1 session, 1 of them signed in"
                  tool.Run("count" :: "--session" :: "shop" :: shop) |> answers "shop: 1 session"
                  Consumer.write tool.In "cookie.toml" "[sessions.shop]\ndriver = 'cookie'\n"
                  tool.Run("devices" :: "user-1" :: "--session" :: "shop" :: "--config" :: "cookie.toml" :: shop)
                  |> fails "kept in its cookies"
                  Consumer.write tool.In "mixed.toml" "[sessions.hint]\ndriver = 'cookie'\n"
                  tool.Run("count" :: "--config" :: "mixed.toml" :: shop) |> answers "web: 2 sessions"
                  tool.Run("devices" :: "user-2" :: "--config" :: "mixed.toml" :: shop) |> answers "1 session ")
          }
          test "a store that is down, a missing table and a missing secret are errors" {
              withTool (fun tool ->
                  let down driver connection =
                      [ "count"; "--driver"; driver; "--connection"; connection; "--application"; "Shop" ]

                  let redis = "127.0.0.1:1,connectTimeout=500,syncTimeout=500,password=geheim"
                  let purge = [ "purge"; "--driver"; "redis"; "--connection"; redis ]
                  let devices = "devices" :: "user-1" :: List.tail (down "redis" redis)

                  for arguments in [ down "redis" redis; purge; devices ] do
                      let outcome = tool.Run arguments
                      outcome |> fails "The store is redis, 127.0.0.1:1."
                      Expect.isFalse (outcome.Text.Contains "geheim") "no password"
                      Expect.isFalse (outcome.Text.Contains "inner exception") "nothing for programmers"

                  tool.Run(
                      down "postgresql" "Host=127.0.0.1;Port=1;Username=x;Password=geheim;Timeout=2;Database=shop"
                  )
                  |> fails "The store is postgresql, 127.0.0.1:1, database shop."
                  tool.Run(down "sqlite" "new.db") |> misuses "It has to be one such as \"Data Source=shop.db\""

                  File.WriteAllBytes(Path.Combine(tool.In, "empty.db"), [||])
                  tool.Run(down "sqlite" "Data Source=empty.db") |> fails "The database has no table"
                  tool.Run(down "sqlite" "Data Source=empty.db") |> fails "runa-session schema --driver sqlite"
                  tool.Run [ "purge"; "--driver"; "sqlite"; "--connection"; "Data Source=empty.db" ]
                  |> fails "The database has no table"
                  tool.Run [ "purge"; "--driver"; "sqlite" ] |> misuses "RUNA_CONNECTION"

                  Consumer.write tool.In "sealed.toml" "[sessions.web]\nsealed = true\n"
                  tool.Run("devices" :: "user-1" :: "--config" :: "sealed.toml" :: shop) |> fails "RUNA_SECRET")
          } ]
