module Runa.Session.Tests.CacheFaultTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Tests.CacheWorlds
open Runa.Session.Tests.WatchedCaches

let private counter = SessionKey.create<int> "count"

let private registryOn (world: World) =
    SessionSetup.empty
    |> SessionSetup.secrets [ "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T" ]
    |> SessionSetup.application "shop"
    |> SessionSetup.timeProvider world.Clock
    |> SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 300.)
    |> SessionSetup.driver "cache" world.Driver
    |> SessionSetup.session "web" (fun o -> { o with Driver = "cache" })
    |> SessionRegistry.create

let private start (registry: SessionRegistry) =
    task {
        let! session = SessionRegistry.load "web" None none registry
        let! committed = SessionRegistry.commit (Session.set counter 1 session) none registry
        return Some((List.exactlyOne committed.Cookies).Split(';')[0])
    }

let private storeFailure (work: unit -> Task<'T>) : Task<SessionStoreException> =
    task {
        try
            let! _ = work ()
            return failtest "nothing was raised"
        with :? SessionStoreException as e ->
            return e
    }

[<Tests>]
let tests =
    testList
        "CacheDriver faults"
        [ testCaseTask
              "promise 14, 25: a cache that raises is an error the app sees, and the session is there afterwards"
              (fun () ->
                  task {
                      let world = open' ()
                      use registry = registryOn world
                      let! cookie = start registry
                      world.Cache.Before <- fun _ -> raise (CacheDown())
                      let! e = storeFailure (fun () -> SessionRegistry.load "web" cookie none registry)
                      (e.InnerException :? CacheDown) |> Expect.isTrue "its cause"
                      let! stranger = SessionRegistry.load "web" None none registry
                      Session.status stranger |> Expect.equal "without a cookie nothing is asked" SessionStatus.New
                      world.Cache.Before <- fun _ -> Task.CompletedTask
                      let! session = SessionRegistry.load "web" cookie none registry
                      let! _ = SessionRegistry.commit (Session.update counter 0 ((+) 1) session) none registry
                      let! session = SessionRegistry.load "web" cookie none registry
                      Session.getOr counter 0 session |> Expect.equal "saved" 2
                  })

          testCaseTask
              "promise 14: a cache that hangs is an error after the time limit, and a hint that it may have been saved"
              (fun () ->
                  task {
                      let world = open' ()
                      use registry = registryOn world
                      let! cookie = start registry
                      let! session = SessionRegistry.load "web" cookie none registry

                      world.Cache.Before <-
                          fun (call, token) ->
                              match call with
                              | CacheCall.Set -> Task.Delay(Timeout.Infinite, token)
                              | _ -> Task.CompletedTask

                      let! e =
                          storeFailure (fun () -> SessionRegistry.commit (Session.set counter 2 session) none registry)
                      e.MayHaveBeenSaved |> Expect.isTrue "unknown"
                      world.Cache.Before <- fun _ -> Task.CompletedTask
                      let! _ = SessionRegistry.commit (Session.set counter 3 session) none registry
                      let! session = SessionRegistry.load "web" cookie none registry
                      Session.getOr counter 0 session |> Expect.equal "the lock was given back" 3
                  })

          testCaseTask
              "promise 14: a write whose read failed has certainly changed nothing, and the error says so"
              (fun () ->
                  task {
                      let world = open' ()
                      use registry = registryOn world
                      let! cookie = start registry
                      let! session = SessionRegistry.load "web" cookie none registry

                      for failing, isUnknown in [ CacheCall.Get, false; CacheCall.Set, true ] do
                          world.Cache.Before <-
                              fun (call, _) -> if call = failing then raise (CacheDown()) else Task.CompletedTask

                          let! e =
                              storeFailure (fun () ->
                                  SessionRegistry.commit (Session.set counter 2 session) none registry)

                          e.MayHaveBeenSaved |> Expect.equal $"{failing} failed" isUnknown
                  })

          testCaseTask "promise 10: what the cache forgot is an expired session" (fun () ->
              task {
                  let world = open' ()
                  use registry = registryOn world
                  let! cookie = start registry
                  let _, stored = world.Cache.Calls |> List.last
                  world.Cache.Inner.Remove stored
                  let! session = SessionRegistry.load "web" cookie none registry
                  Session.status session |> Expect.equal "status" SessionStatus.Expired
              })

          testCaseTask "a ping reads, and raises when the cache is down" (fun () ->
              task {
                  let world = open' ()
                  do! world.Driver.Ping none
                  world.Cache.Calls |> Expect.equal "one read" [ CacheCall.Get, "runa:ping" ]
                  world.Cache.Before <- fun _ -> raise (CacheDown())

                  let! isDown =
                      task {
                          try
                              do! world.Driver.Ping none
                              return false
                          with :? CacheDown ->
                              return true
                      }

                  isDown |> Expect.isTrue "raised"
              }) ]
