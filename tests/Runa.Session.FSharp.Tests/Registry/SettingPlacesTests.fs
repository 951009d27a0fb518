module Runa.Session.Tests.SettingPlacesTests

open System
open System.IO
open Expecto
open Microsoft.Extensions.Configuration
open Runa.Session

let private inFolder (files: (string * string) list) (act: string -> unit) =
    let folder = Directory.CreateTempSubdirectory()

    try
        for name, text in files do
            File.WriteAllText(Path.Combine(folder.FullName, name), text)

        act folder.FullName
    finally
        folder.Delete true

[<Tests>]
let tests =
    testSequenced
    <| testList
        "SettingPlaces"
        [ test "promise 23: a mistake names the last source that has the key: a TOML file, a JSON file, the environment" {
              let toml =
                  "[sessions.web]\nttl = '8 hours'\n[sessions.admin]\nttl = '8 hours'\n[sessions.api]\nttl = '8 hours'\n"
              let json = """{ "session": { "sessions": { "admin": { "ttl": "9 hours" } } } }"""
              let variable = "session__sessions__api__ttl"

              inFolder [ "session.toml", toml; "settings.json", json ] (fun folder ->
                  Environment.SetEnvironmentVariable(variable, "7 hours")

                  try
                      // As in a host, whose configuration holds another one.
                      let inner = ConfigurationBuilder().SetBasePath(folder).AddSessionToml("session.toml").Build()
                      let configuration =
                          ConfigurationBuilder()
                              .SetBasePath(folder)
                              .AddConfiguration(inner)
                              .AddJsonFile("settings.json")
                              .AddEnvironmentVariables()
                              .Build()

                      try
                          use _ =
                              SessionSetup.empty
                              |> SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
                              |> SessionSetup.configuration configuration
                              |> SessionRegistry.create

                          failtest "it started"
                      with :? SessionConfigurationException as e ->
                          for start, place in
                              [ "session:sessions:web:ttl = \"8 hours\"", "session.toml, line 2."
                                "session:sessions:admin:ttl = \"9 hours\"", "settings.json."
                                "session:sessions:api:ttl = \"7 hours\"", "the environment." ] do
                              let mistake = e.Errors |> Seq.find _.StartsWith(start, StringComparison.Ordinal)
                              Expect.stringEnds mistake $" It stands in {place}" start
                  finally
                      Environment.SetEnvironmentVariable(variable, null))
          }
          test "values in memory have no place" {
              let manager = new ConfigurationManager()
              manager["session:sessions:web:ttl"] <- "8 hours"
              Expect.equal (SettingPlaces.say manager "session:sessions:web:ttl") "" "nowhere"
          } ]
