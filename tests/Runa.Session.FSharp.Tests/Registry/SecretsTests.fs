module Runa.Session.Tests.SecretsTests

open System
open System.Collections.Generic
open Expecto
open Microsoft.Extensions.Configuration
open Runa.Session

let private names =
    [ "RUNA_SECRET"
      "APP_SECRET"
      "RUNA_PREVIOUS_SECRETS"
      "ASPNETCORE_ENVIRONMENT"
      "DOTNET_ENVIRONMENT" ]

/// These variables and no other of ours, for as long as `act` runs.
let private withEnvironment (variables: (string * string) list) (act: unit -> unit) =
    let before = names |> List.map (fun name -> name, Environment.GetEnvironmentVariable name)

    try
        for name in names do
            let value = variables |> List.tryFind (fun (set, _) -> set = name) |> Option.map snd
            Environment.SetEnvironmentVariable(name, Option.toObj value)

        act ()
    finally
        for name, value in before do
            Environment.SetEnvironmentVariable(name, value)

let private configuration (values: (string * string) list) : IConfiguration =
    let pairs = values |> List.map (fun (key, value) -> KeyValuePair<string, string | null>(key, value))
    ConfigurationBuilder().AddInMemoryCollection(pairs).Build()

let private good n = $"secret number {n}, of at least 32 bytes"

/// The session "web" of the registry that the environment and configuration make.
let private token (configuration: IConfiguration option) : SessionToken =
    let setup = SessionSetup.empty |> SessionSetup.application "shop"

    let setup =
        match configuration with
        | Some configuration -> setup |> SessionSetup.configuration configuration
        | None -> setup

    use registry = SessionRegistry.create setup
    (registry.Find "web").Definition.Token

let private make (token: SessionToken) =
    let text = token.Create().Text
    text

let private verifies (token: SessionToken) (text: string) =
    match token.Read(text.AsSpan()) with
    | TokenReading.Genuine _ -> true
    | _ -> false

[<Tests>]
let sources =
    testSequenced
    <| testList
        "Secrets sources"
        [ test "app:secret, runa:secret, RUNA_SECRET, APP_SECRET, in this order" {
              let order = [ "app:secret"; "runa:secret"; "RUNA_SECRET"; "APP_SECRET" ]
              let values = order |> List.mapi (fun n name -> name, good n)

              for first in 0 .. order.Length - 1 do
                  let isSetting (name: string, _) = name.Contains ':'
                  let left = List.skip first values

                  withEnvironment (left |> List.filter (isSetting >> not)) (fun () ->
                      let configuration = configuration (left |> List.filter isSetting)
                      Expect.equal (Secrets.find (Some configuration)) [ values[first] ] order[first])
          }

          test "without a configuration, RUNA_SECRET comes before APP_SECRET" {
              withEnvironment [ "RUNA_SECRET", good 1; "APP_SECRET", good 2 ] (fun () ->
                  Expect.equal (Secrets.find None) [ "RUNA_SECRET", good 1 ] "RUNA_SECRET")

              withEnvironment [ "APP_SECRET", good 2 ] (fun () ->
                  Expect.equal (Secrets.find None) [ "APP_SECRET", good 2 ] "APP_SECRET")

              withEnvironment [] (fun () -> Expect.equal (Secrets.find None) [] "none")
          }

          test "a blank one counts as not set" {
              withEnvironment [ "RUNA_SECRET", " "; "APP_SECRET", good 2 ] (fun () ->
                  let configuration = configuration [ "app:secret", "" ]
                  Expect.equal (Secrets.find (Some configuration)) [ "APP_SECRET", good 2 ] "the next")
          }

          test "promise 24: white space around a secret does not count, wherever it is set" {
              withEnvironment [] (fun () ->
                  for old in [ "0123456789abcdefghijklmnopqrstuvwxyz\n"; " 0123456789abcdefghijklmnopqrstuvwxyz" ] do
                      let before = make (token (Some(configuration [ "RUNA_SECRET", old ])))

                      for previous in [ "RUNA_PREVIOUS_SECRETS"; "app:previous_secrets:0" ] do
                          let after = token (Some(configuration [ "RUNA_SECRET", good 2; previous, old ]))

                          match after.Read(before.AsSpan()) with
                          | TokenReading.Genuine _ -> ()
                          | other -> failtest $"{previous}: {other}")
          }

          test "previous ones are a list, or text with commas, in the configuration or the environment" {
              withEnvironment [ "RUNA_PREVIOUS_SECRETS", "c , d,," ] (fun () ->
                  let found (values: (string * string) list) =
                      Secrets.find (Some(configuration (("app:secret", "a") :: values))) |> List.map snd

                  Expect.equal (found []) [ "a"; "c"; "d" ] "the environment"
                  Expect.equal (found [ "app:previous_secrets", "x,y" ]) [ "a"; "x"; "y"; "c"; "d" ] "text"

                  Expect.equal
                      (found [ "app:previous_secrets:0", "x,1"; "app:previous_secrets:1", "y" ])
                      [ "a"; "x,1"; "y"; "c"; "d" ]
                      "a list")
          }

          test "promise 24: RUNA_SECRET rotates into RUNA_PREVIOUS_SECRETS with every token good, until it is removed" {
              let mutable old = ""
              // A comma separates: these have none.
              let one, two =
                  String('1', 8) + "abcdefghijklmnopqrstuvwxyz", String('2', 8) + "abcdefghijklmnopqrstuvwxyz"
              withEnvironment [ "RUNA_SECRET", one ] (fun () -> old <- make (token None))

              withEnvironment [ "RUNA_SECRET", two; "RUNA_PREVIOUS_SECRETS", one ] (fun () ->
                  let rotated = token None
                  Expect.isTrue (verifies rotated old) "the old one verifies"
                  let fresh = make rotated
                  withEnvironment [ "RUNA_SECRET", two ] (fun () ->
                      Expect.isTrue (verifies (token None) fresh) "the new one signs"))

              withEnvironment [ "RUNA_SECRET", two ] (fun () -> Expect.isFalse (verifies (token None) old) "removed")
          }

          test "secrets set in code win over configuration and environment" {
              withEnvironment [ "RUNA_SECRET", "short" ] (fun () ->
                  use registry =
                      SessionSetup.empty
                      |> SessionSetup.configuration (configuration [ "app:secret", "short too" ])
                      |> SessionSetup.secrets [ good 1 ]
                      |> SessionRegistry.create

                  Expect.hasLength (SessionRegistry.info registry) 3 "it starts")
          }

          for name, value, starts in
              [ "ASPNETCORE_ENVIRONMENT", "Development", true
                "ASPNETCORE_ENVIRONMENT", "development", true
                "DOTNET_ENVIRONMENT", "Development", true
                "ASPNETCORE_ENVIRONMENT", "Production", false
                "ASPNETCORE_ENVIRONMENT", "Staging", false
                "DOTNET_ENVIRONMENT", "", false ] do
              test $"† promise 23: without a secret, {name}={value} starts: {starts}" {
                  withEnvironment [ name, value ] (fun () ->
                      if starts then
                          Expect.isFalse
                              (verifies (token None) (make (token None)))
                              "each with a random key of its own"
                      else
                          try
                              token None |> ignore
                              failtest "it started"
                          with :? SessionConfigurationException as e ->
                              for part in
                                  [ "app:secret"; "RUNA_SECRET"; "32"; "openssl rand -base64 32"; "Development" ] do
                                  Expect.stringContains e.Message part "it says what to set and how to make one")
              }

          test "ASPNETCORE_ENVIRONMENT is asked before DOTNET_ENVIRONMENT" {
              withEnvironment [ "ASPNETCORE_ENVIRONMENT", "Production"; "DOTNET_ENVIRONMENT", "Development" ] (fun () ->
                  Expect.throwsT<SessionConfigurationException> (fun () -> token None |> ignore) "Production")
          } ]

[<Tests>]
let strength =
    testList
        "Secrets strength"
        [ let bad =
              [ "hunter2", "7 bytes"
                String('x', 31), "31 bytes"
                String.replicate 10 "abcdefg", "fewer than 8 different"
                "CHANGE-ME-abcdefghijklmnopqrstuvwxyz", "documentation"
                "replace-me-with-32-random-bytes-or-more", "documentation" ]

          for secret, why in bad do
              test $"† a weak secret is told by its setting and its length alone: {secret.Length}, {why}" {
                  match Secrets.check [ "app:secret", secret ] with
                  | [ sentence ] ->
                      for part in [ "app:secret"; $"{secret.Length} bytes"; why; "openssl rand" ] do
                          Expect.stringContains sentence part "the sentence"

                      Expect.isFalse (sentence.Contains secret) "promise 24: no secret is printed"
                  | other -> failtest $"{other.Length} mistakes"
              }

          test "bytes are counted, not characters; 32 with 8 different ones are enough" {
              Expect.equal (Secrets.check [ "a", String('é', 8) + "abcdefghijklmnop" ]) [] "24 characters of 32 bytes"
              Expect.equal (Secrets.check [ "a", "abcdefgh" + String('a', 24) ]) [] "just enough"
          }

          test "promise 24: a bad secret is told with what mends it, by the place where it stands" {
              for name, advice in
                  [ "app:secret", "Set app:secret in the configuration, or RUNA_SECRET in the environment"
                    "RUNA_SECRET", "Set app:secret in the configuration, or RUNA_SECRET in the environment"
                    "RUNA_PREVIOUS_SECRETS", "Correct it, or remove it"
                    "app:previous_secrets", "Correct it, or remove it"
                    "app:previous_secrets:0", "Correct it, or remove it"
                    "SessionSetup.secrets, in C# AddSecrets (2 of 2)", "Give 32 random bytes or more" ] do
                  match Secrets.check [ name, "short" ] with
                  | [ mistake ] ->
                      Expect.stringStarts mistake $"{name}: the secret is 5 bytes long; at least 32 are needed." name
                      Expect.stringContains mistake advice name
                      Expect.equal
                          (mistake.Contains "Set app:secret")
                          (advice.StartsWith "Set")
                          $"{name}: no other advice"
                  | mistakes -> failtest $"%A{mistakes}"
          }

          test "every secret is checked, the previous ones too" {
              let found =
                  Secrets.check [ "app:secret", good 1; "RUNA_PREVIOUS_SECRETS", "short"; "app:previous_secrets:1", "" ]
              Expect.hasLength found 2 "both"
          }

          testProperty "promise 24: no secret is in any startup error"
          <| fun (one: FsCheck.NonEmptyString, other: FsCheck.NonEmptyString) ->
              let secrets = [ "Zq" + one.Get; "Qz" + other.Get ]

              try
                  use registry = SessionSetup.empty |> SessionSetup.secrets secrets |> SessionRegistry.create
                  (SessionRegistry.info registry).Length = 3
              with :? SessionConfigurationException as e ->
                  secrets |> List.forall (fun secret -> not ((string e).Contains secret)) ]
