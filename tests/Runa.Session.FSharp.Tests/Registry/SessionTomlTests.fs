module Runa.Session.Tests.SessionTomlTests

open System
open System.IO
open Expecto
open Microsoft.Extensions.Configuration
open Runa.Session

let private parse (text: string) =
    SessionToml.parse "session.toml" text |> List.map (fun pair -> pair.Key, string pair.Value) |> Map

let private mistakes (text: string) : string list =
    try
        failtest $"%A{parse text}"
    with :? SessionConfigurationException as e ->
        List.ofSeq e.Errors

let private withFile (text: string) (act: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("runa-session-toml")

    try
        let path = Path.Combine(folder.FullName, "session.toml")
        File.WriteAllText(path, text)
        act path
    finally
        folder.Delete true

[<Tests>]
let tests =
    testList
        "SessionToml"
        [ test "tables of sessions become configuration keys" {
              let text =
                  """
[sessions.web]
driver = "redis"      # a comment
ttl = "2h"
max_bytes = 1_000
shared = true
[sessions.web.meta]
team = "checkout"
[sessions.admin]
same_site = "strict"
"""

              let expected =
                  Map
                      [ "session:sessions:web:driver", "redis"
                        "session:sessions:web:ttl", "2h"
                        "session:sessions:web:max_bytes", "1000"
                        "session:sessions:web:shared", "true"
                        "session:sessions:web:meta:team", "checkout"
                        "session:sessions:admin:same_site", "strict" ]

              Expect.equal (parse text) expected "flat"
              Expect.equal (parse "") Map.empty "nothing"
          }

          test "promise 23: every mistake in the text is told with file, line and column" {
              let errors = mistakes "[sessions.web]\nttl = 2h\n[sessions.admin]\nttl == 3\n"
              Expect.isTrue (errors.Length >= 2) "both lines"
              Expect.exists errors (fun e -> e.StartsWith "session.toml(2,") "line 2"
              Expect.exists errors (fun e -> e.StartsWith "session.toml(4,") "line 4"
          }

          test "a table or key that is written twice is a mistake, not a crash" {
              for text in
                  [ "[sessions.web]\nttl = '1h'\nttl = '2h'"
                    "[sessions.web]\nttl = '1h'\n[sessions.web]\nttl = '2h'"
                    "[sessions.web]\nttl = '1h'\nTTL = '2h'"
                    "[sessions.web]\nttl = '1h'\n[sessions.Web]\nttl = '2h'"
                    "sessions = 1\n[sessions.web]\nttl = '1h'" ] do
                  let errors = mistakes text
                  Expect.isNonEmpty errors text
                  Expect.all errors _.StartsWith("session.toml") "the file is named"
          }

          test "an unknown table is told with the nearest known one, and secrets are sent elsewhere" {
              let errors = mistakes "[session.web]\nttl = '1h'\n[app]\nsecret = 'hunter2hunter2'"
              Expect.hasLength errors 2 "both"
              Expect.stringContains errors[0] "Did you mean \"sessions\"?" "the nearest"
              Expect.stringContains errors[1] "secrets do not belong here" "elsewhere"
              Expect.isFalse (errors[1].Contains "hunter2") "not shown"
          }

          test "no text of the file is in a mistake, or a secret written there would be printed" {
              for text in
                  [ "[app]\nsecret = hunter2hunter2"; "[app]\nsecret = \"hunter2hunter2"; "secret: hunter2hunter2" ] do
                  for error in mistakes text do
                      Expect.isFalse (error.Contains "hunter2") error
          }

          test "AddSessionToml reads the file, relative to the base path or rooted, into the settings" {
              withFile "[sessions.web]\nttl = '90m'" (fun path ->
                  let relative =
                      ConfigurationBuilder()
                          .SetBasePath(string (Path.GetDirectoryName path))
                          .AddSessionToml("session.toml")

                  for builder in [ relative; ConfigurationBuilder().AddSessionToml(path) ] do
                      use registry =
                          SessionSetup.empty
                          |> SessionSetup.configuration (builder.Build())
                          |> SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
                          |> SessionRegistry.create

                      let info = SessionRegistry.info registry |> List.find (fun info -> info.Name = "web")
                      Expect.equal info.Ttl (TimeSpan.FromMinutes 90.) "read")
          }

          test "a missing file is a mistake that names it, unless it is optional" {
              let folder = Path.GetTempPath()
              let builder optional = ConfigurationBuilder().SetBasePath(folder).AddSessionToml("no-such.toml", optional)

              try
                  (builder false).Build() |> ignore
                  failtest "it was found"
              with :? SessionConfigurationException as e ->
                  Expect.stringContains e.Message "no-such.toml" "its name"

              Expect.isEmpty ((builder true).Build().AsEnumerable()) "nothing in it"
          } ]
