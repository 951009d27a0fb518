module Runa.Session.Tests.OwnerLimitTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Time.Testing
open Runa.Session

let private secret = "0123456789abcdefghijklmnopqrstuvwxyz"
let private limited (o: SessionSettings) = { o with MaxSessions = Some 1; WhenFull = WhenFull.Refuse }

/// A registry on this driver, with one session for each owner.
let private registry (change: SessionSettings -> SessionSettings) (wrap: SessionDriver -> SessionDriver) =
    let clock = FakeTimeProvider()
    let memory = MemoryDriver.create { MemoryDriver.defaults with TimeProvider = clock }

    SessionSetup.empty
    |> SessionSetup.driver "under test" (wrap memory)
    |> SessionSetup.session "web" (fun o -> change { o with Driver = "under test" })
    |> SessionSetup.secrets [ secret ]
    |> SessionSetup.timeProvider clock
    |> SessionRegistry.create

let private signIn (registry: SessionRegistry) =
    SessionRegistry.update "web" None (Session.signIn "ann") CancellationToken.None registry

let private errors (change: SessionSettings -> SessionSettings) (driver: string) =
    try
        use _ =
            SessionSetup.empty
            |> SessionSetup.session "web" (fun o -> change { o with Driver = driver })
            |> SessionSetup.secrets [ secret ]
            |> SessionRegistry.create

        []
    with :? SessionConfigurationException as e ->
        List.ofSeq e.Errors

[<Tests>]
let tests =
    testList
        "OwnerLimit"
        [ testCaseTask "promise 14: if the list cannot be read, nobody is signed in and nothing is left" (fun () ->
              task {
                  let mutable isDown = true

                  let failing (driver: SessionDriver) =
                      let index = driver.Owners.Value

                      driver
                      |> SessionDriver.withOwners
                          { index with
                              List =
                                  fun scope owner from token ->
                                      if isDown then
                                          raise (TimeoutException "down")
                                      else
                                          index.List scope owner from token }

                  use registry = registry limited failing
                  let mutable raised: exn | null = null

                  try
                      let! _ = signIn registry
                      ()
                  with e ->
                      raised <- e

                  Expect.isTrue (raised :? SessionStoreException) $"{raised}"
                  isDown <- false
                  let! left = SessionRegistry.forOwner "web" "ann" CancellationToken.None registry
                  Expect.isEmpty left "nothing is left"
                  let! _ = signIn registry
                  let! left = SessionRegistry.forOwner "web" "ann" CancellationToken.None registry
                  Expect.hasLength left 1 "and there is room"
              })

          testCaseTask "without a limit a sign-in lists nothing" (fun () ->
              task {
                  let mutable listed = 0

                  let counting (driver: SessionDriver) =
                      let index = driver.Owners.Value

                      driver
                      |> SessionDriver.withOwners
                          { index with
                              List =
                                  fun scope owner from token ->
                                      listed <- listed + 1
                                      index.List scope owner from token }

                  use free = registry id counting
                  let! _ = signIn free
                  Expect.equal listed 0 "not listed"
                  use limited = registry limited counting
                  let! _ = signIn limited
                  Expect.equal listed 1 "listed once"
              })

          test "promise 23: a limit needs a driver that lists by owner, and a number of at least 1" {
              for driver in [ "cookie" ] do
                  match errors (fun o -> { o with MaxSessions = Some 5 }) driver with
                  | [ told ] ->
                      Expect.stringStarts
                          told
                          "session \"web\": max_sessions = 5: the driver \"cookie\" cannot list"
                          "told"
                  | told -> failtest $"%A{told}"

              Expect.equal
                  (errors (fun o -> { o with MaxSessions = Some 0 }) "memory")
                  [ "session \"web\": max_sessions = 0: must be at least 1." ]
                  "zero"

              Expect.equal
                  (errors (fun o -> { o with WhenFull = WhenFull.Refuse }) "memory")
                  [ "session \"web\": when_full = refuse: there is no max_sessions; set it, or leave this out." ]
                  "no limit"
          } ]
