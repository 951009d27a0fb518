module Runa.Session.Tests.StraySettingsTests

open System
open System.Collections.Generic
open System.IO
open System.Text
open Expecto
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.Logging
open Runa.Session

let private secret = "0123456789abcdefghijklmnopqrstuvwxyz"

type private Lines() =
    let lines = ResizeArray<string>()
    member _.All = List.ofSeq lines

    interface ILoggerFactory with
        member _.AddProvider _ = ()
        member _.Dispose() = ()

        member _.CreateLogger _ =
            { new ILogger with
                member _.IsEnabled _ = true
                member _.BeginScope _ = null
                member _.Log(_, _, state, error, formatter) = lines.Add(formatter.Invoke(state, error)) }

let private configuration (values: (string * string) list) : IConfiguration =
    let pairs = values |> List.map (fun (key, value) -> KeyValuePair<string, string | null>(key, value))
    ConfigurationBuilder().AddInMemoryCollection(pairs).Build()

let private shop =
    SessionSetup.empty |> SessionSetup.secrets [ secret ] |> SessionSetup.session "shop" (fun o -> o)

/// The mistakes and the warnings.
let private told (configuration: IConfiguration) : string list * string list =
    let lines = new Lines()

    let errors =
        try
            use _ =
                shop
                |> SessionSetup.configuration configuration
                |> SessionSetup.loggerFactory lines
                |> SessionRegistry.create

            []
        with :? SessionConfigurationException as e ->
            List.ofSeq e.Errors

    errors, lines.All

/// Key found, its right spelling.
let private stray: (string * string) list =
    [ "sessions:web:ttl", "session:sessions:web:ttl"
      "session:web:ttl", "session:sessions:web:ttl"
      "session:session:web:ttl", "session:sessions:web:ttl"
      "sessions:sessions:web:ttl", "session:sessions:web:ttl"
      "sessions:session:web:ttl", "session:sessions:web:ttl"
      "Sessions:Shop:Cookie_Name", "session:sessions:shop:cookie_name"
      "runa:web:ttl", "session:sessions:web:ttl"
      "runa:sessions:web:ttl", "session:sessions:web:ttl"
      "runa:session:sessions:web:ttl", "session:sessions:web:ttl"
      "Runa.Session:web:ttl", "session:sessions:web:ttl"
      "Runa.Session:Sessions:web:ttl", "session:sessions:web:ttl"
      "RunaSession:Sessions:shop:IdleTimeout", "session:sessions:shop:idle_timeout"
      "RUNA_SESSION:web:TTL", "session:sessions:web:ttl"
      "runa-session:web:max-bytes", "session:sessions:web:max_bytes"
      "app:sessions:web:ttl", "session:sessions:web:ttl"
      "MyApp:session:sessions:web:ttl", "session:sessions:web:ttl"
      "MYAPP_session:sessions:web:ttl", "session:sessions:web:ttl"
      // Misspelled.
      "sesion:sessions:web:ttl", "session:sessions:web:ttl"
      "session:sesions:web:ttl", "session:sessions:web:ttl"
      "session:sessoins:web:ttl", "session:sessions:web:ttl"
      "session:sessionss:web:ttl", "session:sessions:web:ttl"
      "sesions:web:ttl", "session:sessions:web:ttl"
      "sessions:wbe:ttl", "session:sessions:web:ttl"
      "sessions:web:tll", "session:sessions:web:ttl"
      "session:admin:idel_timeout", "session:sessions:admin:idle_timeout"
      "RunaSesion:web:ttl", "session:sessions:web:ttl"
      "sessions:web:meta:team", "session:sessions:web:meta:team"
      // The parts run together, as a single underscore does it.
      "SESSION_SESSIONS_WEB_TTL", "session:sessions:web:ttl"
      "RUNA_SESSION_WEB_IDLE_TIMEOUT", "session:sessions:web:idle_timeout"
      "MYAPP_SESSION_SESSIONS_WEB_TTL", "session:sessions:web:ttl" ]

/// The application's own.
let private others: (string * string) list =
    [ "Sessions:Speakers:Title", "Ms"
      "Sessions:Web:Title", "The web"
      "Sessions:Web:Room", "2"
      "Sessions:Web:Beta", "true"
      "Sessions:0:Name", "Opening"
      "session:timeout", "20"
      "session:cookie:name", "sid"
      "session:cookie:secure", "true"
      "session:store", "redis"
      "session:web", "on"
      "version:web:ttl", "2h"
      "cache:web:ttl", "2h"
      "Services:Api:Ttl", "00:05:00"
      "Endpoints:Web:driver", "x"
      "permission:admin:shared", "true"
      "MissionSessions:web:ttl", "2h"
      "Missions:Sections:web:ttl", "2h"
      "session:missions:web:ttl", "2h"
      "api:url", "https://example.com"
      "api:ttl", "60"
      "XDG_SESSION_TYPE", "tty"
      "SESSION_MANAGER", "local"
      "Logging:LogLevel:Runa.Session", "Debug"
      "ConnectionStrings:web", "Host=x" ]

let private found =
    testList
        "promise 23: a setting of a session that stands where nothing reads it keeps the application from starting"
        [ for key, right in stray do
              test key {
                  match told (configuration [ key, "90m" ]) with
                  | [ error ], _ ->
                      Expect.stringStarts error $"{key}: " "the key found"
                      Expect.stringContains error $"write {right} (in the environment" "its right spelling"
                      Expect.stringContains error (right.Replace(":", "__")) "for the environment"
                      Expect.isFalse (error.Contains "90m") "no value"
                  | errors, _ -> failtest $"%A{errors}"
              }

          test "all of them at once, with every other mistake" {
              let errors, _ =
                  told (
                      configuration
                          [ "sessions:web:ttl", "1h"
                            "sessions:admin:ttl", "1h"
                            "runa:web:sealed", "true"
                            "session:sessions:web:tll", "1h" ]
                  )

              Expect.hasLength errors 4 "each"
          } ]

let private left =
    testList
        "what is the application's own does not stop it"
        [ for key, value in others do
              test key { Expect.equal (told (configuration [ key, value ])) ([], []) "nothing is said" }

          test "nor does a variable that the host reads under another name" {
              let read = [ "ASPNETCORE_session:sessions:web:ttl", "90m"; "session:sessions:web:ttl", "90m" ]

              Expect.equal (told (configuration read)) ([], []) "it is read"
          }

          test "what may be meant for a session, or not, is warned of, without its value" {
              for key, right in
                  [ "web:ttl", "session:sessions:web:ttl"
                    "shop:cookie_name", "session:sessions:shop:cookie_name"
                    "session:ttl", "session:sessions:<name>:ttl"
                    "sessions:idle_timeout", "session:sessions:<name>:idle_timeout" ] do
                  match told (configuration [ key, "37m" ]) with
                  | [], [ warning ] ->
                      Expect.stringContains warning key "the key"
                      Expect.stringContains warning right "its right spelling"
                      Expect.isFalse (warning.Contains "37m") "no value"
                  | other -> failtest $"{key}: %A{other}"
          } ]

let private sources =
    testList
        "from every source"
        [ test "promise 23: JSON" {
              let json = """{ "sessions": { "web": { "ttl": "2h" }, "speakers": { "ttl": "2h" } } }"""
              use stream = new MemoryStream(Encoding.UTF8.GetBytes json)
              let errors, _ = told (ConfigurationBuilder().AddJsonStream(stream).Build())
              Expect.hasLength errors 1 "one"
              Expect.stringStarts errors.Head "sessions:web:ttl: " "the key"
          }

          test "promise 23: the environment, with and without its prefix" {
              for variable, key in
                  [ "RUNASTRAY1_sessions__web__ttl", "sessions:web:ttl"
                    "RUNASTRAY2_session__web__ttl", "session:web:ttl"
                    "RUNASTRAY3_RUNA_SESSION__web__ttl", "RUNA_SESSION:web:ttl" ] do
                  Environment.SetEnvironmentVariable(variable, "2h")

                  try
                      let prefix = variable[.. variable.IndexOf '_']
                      let errors, _ = told (ConfigurationBuilder().AddEnvironmentVariables(prefix).Build())
                      Expect.hasLength errors 1 variable
                      Expect.stringStarts errors.Head $"{key}: " variable
                  finally
                      Environment.SetEnvironmentVariable(variable, null)
          }

          test "promise 23: a section given in the place of the whole configuration" {
              let whole = configuration [ "session:sessions:web:ttl", "2h" ]

              for section in [ "session"; "session:sessions" ] do
                  match told (whole.GetSection section) with
                  | [ error ], _ ->
                      Expect.stringStarts error "session:sessions:web:ttl: " "the key"
                      Expect.stringContains error $"the section \"{section}\"" "what was given"
                      Expect.stringContains error "give it the whole configuration" "what to do"
                  | other -> failtest $"%A{other}"
          } ]

let private secrets =
    let create (values: (string * string) list) =
        try
            use _ =
                SessionSetup.empty
                |> SessionSetup.configuration (configuration values)
                |> SessionSetup.session "web" (fun o -> o)
                |> SessionRegistry.create

            []
        with :? SessionConfigurationException as e ->
            List.ofSeq e.Errors

    testList
        "secrets"
        [ for key in
              [ "app:secrets"
                "app:secrets:0"
                "session:secret"
                "runa.secret"
                "runa:session:secret"
                "RUNA_SECRETS"
                "app:secert"
                "RunaSecret"
                "app:secret_key" ] do
              test $"promise 24: where none is found, {key} is named" {
                  match create [ key, secret ] with
                  | [ error ] ->
                      Expect.stringStarts error "No secret is set" "none was found"
                      Expect.stringContains error $"Nothing reads {key}." "the key"
                      Expect.isFalse (error.Contains secret) "never the value"
                  | errors -> failtest $"%A{errors}"
              }

          for key in
              [ "runa:previous_secrets"
                "APP_PREVIOUS_SECRETS"
                "app:previous_secret"
                "app:previoussecrets"
                "session:previous_secrets"
                "RUNA_PREVIOUS_SECRET"
                "app:previuos_secrets" ] do
              test $"promise 24: previous secrets under {key} would log everybody out" {
                  match create [ "app:secret", secret; key, secret ] with
                  | [ error ] ->
                      Expect.stringStarts error $"{key}: nothing reads this key" "the key"
                      Expect.stringContains error "app:previous_secrets" "the right one"
                  | errors -> failtest $"%A{errors}"
              }

          test "those that are read, and others of the application, are no mistake" {
              for values in
                  [ [ "app:previous_secrets", secret ]
                    [ "app:previous_secrets:0", secret; "app:previous_secrets:1", secret ]
                    [ "RUNA_PREVIOUS_SECRETS", secret ]
                    [ "session:secret", "the application's own"; "app:secrets:stripe", "x" ] ] do
                  Expect.equal (create (("app:secret", secret) :: values)) [] $"%A{List.map fst values}"
          } ]

[<Tests>]
let tests = testList "StraySettings" [ found; left; sources; secrets ]
