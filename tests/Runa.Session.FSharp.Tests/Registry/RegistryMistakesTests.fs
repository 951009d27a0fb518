module Runa.Session.Tests.RegistryMistakesTests

open System
open Expecto
open Microsoft.AspNetCore.Http
open Microsoft.Extensions
open Runa.Session
open Runa.Session.Tests.Registries

let private errors (setup: SessionSetup) : string list =
    try
        use _ = build setup
        failtest "it started"
    with :? SessionConfigurationException as e ->
        for error in e.Errors do
            Expect.stringContains e.Message error "the message has every mistake"

        List.ofSeq e.Errors

/// Exactly one mistake, with all these parts.
let private mistake (parts: string list) (setup: SessionSetup) =
    match errors setup with
    | [ error ] ->
        for part in parts do
            Expect.stringContains error part "the mistake"
    | errors -> failtest $"%A{errors}"

/// What a function that changes settings raises, if it cannot.
let private undefined (session: string) : exn =
    Options.OptionsValidationException(session, typeof<SessionSettings>, [ $"{session}: one"; $"{session}: two" ])

let private limitErrors (change: SessionSettings -> SessionSettings) (driver: string) : string list =
    errors (setup |> SessionSetup.session "web" (fun o -> change { o with Driver = driver }))

[<Tests>]
let tests =
    testList
        "RegistryMistakes"
        [ test "promise 23: a limit needs a driver that lists by owner, and a number of at least 1" {
              for driver in [ "cookie" ] do
                  match limitErrors (fun o -> { o with MaxSessions = Some 5 }) driver with
                  | [ told ] ->
                      Expect.stringStarts
                          told
                          "session \"web\": max_sessions = 5: the driver \"cookie\" cannot list"
                          "told"
                  | told -> failtest $"%A{told}"

              Expect.equal
                  (limitErrors (fun o -> { o with MaxSessions = Some 0 }) "memory")
                  [ "session \"web\": max_sessions = 0: must be at least 1." ]
                  "zero"

              Expect.equal
                  (limitErrors (fun o -> { o with WhenFull = WhenFull.Refuse }) "memory")
                  [ "session \"web\": when_full = refuse: there is no max_sessions; set it, or leave this out." ]
                  "no limit"
          }

          test "promise 23: device_bound needs a driver with a store that compares and swaps" {
              let plain =
                  MemoryDriver.create MemoryDriver.defaults
                  |> SessionDriver.withGuarantee DriverGuarantee.LastWriteWins

              for driver, why in [ "cookie", "keeps sessions in their cookies"; "plain", "cannot compare and swap" ] do
                  setup
                  |> SessionSetup.driver "plain" plain
                  |> configured [ "session:sessions:web:device_bound", "offer"; "session:sessions:web:driver", driver ]
                  |> mistake [ $"session \"web\": device_bound = offer: the driver \"{driver}\" {why}" ]

              use registry = setup |> configured [ "session:sessions:web:device_bound", "require" ] |> build
              Expect.equal (registry.Find "web").Definition.Settings.DeviceBound DeviceBound.Require "memory does"
          }

          test "promise 23: bound cookies have names of their own, and there are at most two" {
              let bound (o: SessionSettings) = { o with DeviceBound = DeviceBound.Offer }

              setup
              |> SessionSetup.session "web" bound
              |> SessionSetup.session "shop" (fun o -> { o with CookieName = "__Host-runa_session_bound" })
              |> mistake [ "\"web\" and \"shop\""; "cookie_name = \"__Host-runa_session_bound\"" ]

              List.foldBack (fun name -> SessionSetup.session name bound) [ "web"; "admin"; "api" ] setup
              |> mistake [ "\"admin\" (device_bound = offer), \"api\""; "enough for two" ]
          }

          test "promise 23: what a change of settings raises as OptionsValidationException is told with all the rest" {
              let wrong =
                  setup
                  |> SessionSetup.session "shop" (fun _ -> raise (undefined "shop"))
                  |> SessionSetup.session "cart" (fun o -> { o with Driver = "redsi" })
                  |> SessionSetup.refuse [ "three" ]

              let told = errors wrong
              Expect.equal
                  (told |> List.filter (fun error -> not (error.Contains "redsi")))
                  [ "shop: one"; "shop: two"; "three" ]
                  "in order"
              Expect.equal told.Length 4 "and the driver"
          }

          test "a setup names its sessions, each once, in the order of their registration" {
              let twice = setup |> SessionSetup.session "shop" id |> SessionSetup.session "web" id
              Expect.equal (SessionSetup.names twice) [ "web"; "admin"; "api"; "shop" ] "names"
          }

          test "promise 23: a registry can be asked at startup whether it has a session" {
              use registry = build setup
              SessionRegistry.check "web" registry

              Expect.throwsC (fun () -> SessionRegistry.check "wbe" registry) (fun e ->
                  Expect.equal
                      e.Message
                      "There is no session \"wbe\". Did you mean \"web\"? Known: admin, api, web."
                      "which there are")
          }

          test "promise 23: everything that is wrong is told at once, from configuration, code, drivers and secrets" {
              let wrong =
                  SessionSetup.empty
                  |> SessionSetup.secrets [ secret; "short-secret" ]
                  |> SessionSetup.session "shop" (fun o ->
                      { o with CookieName = "shop"; SameSite = SameSite.None; Secure = CookieSecure.SameAsRequest })
                  |> SessionSetup.session "cart" (fun o -> { o with CookieName = "shop"; Driver = "redsi" })
                  |> SessionSetup.driver "redis" (MemoryDriver.create MemoryDriver.defaults)
                  |> configured
                      [ "session:sessions:web:ttl", "two hours"
                        "session:sessions:web:colour", "red"
                        "session:sessions:wbe:ttl", "1h"
                        "session:sessions:admin:idle_timeout", "3h"
                        "session:sessions:api:cookie_path", "/api" ]

              let errors = errors wrong

              for parts in
                  [ [ "session:sessions:web:ttl = \"two hours\""; "2h, 30m" ]
                    [ "session:sessions:web:colour: unknown key"; "Known: " ]
                    [ "session:sessions:wbe: there is no session \"wbe\""
                      "Did you mean \"web\"?"
                      "Known: admin, api, cart, shop, web" ]
                    [ "session \"admin\""; "idle_timeout = 3h"; "2h" ]
                    [ "session \"api\""; "cookie_path = \"/api\""; "__Host-" ]
                    [ "session \"shop\""; "same_site = none"; "secure = always" ]
                    [ "\"shop\" and \"cart\""; "cookie_name = \"shop\"" ]
                    [ "session \"cart\""
                      "driver = \"redsi\""
                      "Did you mean \"redis\"?"
                      "Known: cache, cache:<name>, cookie, memory, redis" ]
                    [ "SessionSetup.secrets, in C# AddSecrets (2 of 2)"; "12 bytes" ] ] do
                  Expect.exists errors (fun error -> parts |> List.forall error.Contains) $"%A{parts}"

              Expect.hasLength errors 9 "and nothing else"
              Expect.isFalse (String.Join("\n", errors).Contains "short-secret") "promise 24: no secret"
          }

          test "an unknown driver is told with the nearest, one that no session uses is not made" {
              setup
              |> SessionSetup.session "web" (fun o -> { o with Driver = "memori" })
              |> mistake [ "\"memori\""; "\"memory\"" ]

              use registry = setup |> SessionSetup.driverFrom "broken" (fun _ -> failwith "made") |> build
              Expect.hasLength (SessionRegistry.info registry) 3 "it starts"
          }

          test "the cookie name of one session cannot be that of another" {
              setup
              |> SessionSetup.session "admin" (fun o -> { o with CookieName = "__Host-runa_session" })
              |> mistake [ "\"web\" and \"admin\""; "__Host-runa_session" ]
          }

          test "promise 19: a broken prefix and SameSite=None without Secure keep the application from starting" {
              let web change = setup |> SessionSetup.session "web" change
              web (fun o -> { o with CookieDomain = Some "a.example" }) |> mistake [ "cookie_domain"; "__Host-" ]
              web (fun o -> { o with CookiePath = "/a" }) |> mistake [ "cookie_path"; "__Host-" ]
              web (fun o -> { o with Secure = CookieSecure.Never }) |> mistake [ "secure"; "__Host-" ]
              web (fun o -> { o with Shared = true }) |> mistake [ "shared"; "__Host-" ]

              web (fun o -> { o with CookieName = "a"; Secure = CookieSecure.Never; SameSite = SameSite.None })
              |> mistake [ "same_site"; "secure = always" ]
          }

          test "a secret of the configuration is told by its key" {
              SessionSetup.empty
              |> configured [ "app:secret", "hunter2" ]
              |> mistake [ "app:secret"; "7 bytes"; "32" ]
              Expect.isFalse
                  ((SessionSetup.empty |> configured [ "app:secret", "hunter2" ] |> errors |> List.head).Contains
                      "hunter2")
                  "and no more"
          }

          test "an unknown name at request time names the known ones" {
              use registry = build setup

              try
                  registry.Find "wbe" |> ignore
                  failtest "it was found"
              with :? InvalidOperationException as e ->
                  Expect.equal
                      e.Message
                      "There is no session \"wbe\". Did you mean \"web\"? Known: admin, api, web."
                      "names"
          } ]
