/// The activities of requests.
module Runa.Session.Tests.ActivityTests

open System
open System.Diagnostics
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Measured
open Runa.Session.Tests.Watched

/// What requests of one browser trace.
let private traces (before: string list) (path: string) (wanted: (string * string * string * bool) list) driver =
    testCaseTask $"{driver}: {path} after {before}" (fun () ->
        task {
            use! world = world driver
            use traces = new Traces(world.Name)
            let browser = world.Browser()

            for path in before do
                let! _ = browser.Get path
                ()

            traces.Forget()
            let! _ = browser.Get path
            Expect.equal traces.Told wanted "name, outcome, attempts, failed"

            for activity in traces.Ended do
                Expect.equal (string (activity.GetTagItem "runa.session.driver")) world.Driver "driver"
                Expect.equal activity.Source.Name "Runa.Session" "source"
        })

let private load outcome = "load", outcome, "", false
let private commit outcome = "commit", outcome, "1", false

let private all =
    [ traces [] "/nothing" []
      traces [] "/read" []
      traces [] "/set" [ commit "created" ]
      traces [ "/set" ] "/read" [ load "found" ]
      traces [ "/set" ] "/nothing" []
      traces [ "/set" ] "/set" [ load "found"; commit "changed" ]
      traces [ "/set" ] "/regenerate" [ load "found"; commit "moved" ]
      traces [ "/set" ] "/sign-in" [ load "found"; commit "moved" ]
      traces [ "/set" ] "/sign-out" [ load "found"; commit "destroyed" ]
      traces [ "/set" ] "/goodbye" [ load "found"; commit "created" ]
      traces [ "/set" ] "/large" [ load "found"; ("commit", "too_large", "1", true) ] ]

let private failing (behaviour: Behaviour) (operation: StoreOperation) (path: string) wanted =
    testCaseTask $"{path} on a store on which {operation} does this: {behaviour}" (fun () ->
        task {
            let driver = TestDriver.Counting(memory (clock ()))
            let name = $"""a{Guid.NewGuid().ToString "N"}"""
            let short = SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 40.)
            use! world = worldOf name "tested" (SessionSetup.driver "tested" driver.Driver >> short)
            use traces = new Traces(name)
            let browser = world.Browser()
            let! _ = browser.Get "/set"
            traces.Forget()
            driver.Behave <- TestDriver.Only([ operation ], behaviour)
            let! answer = browser.Get path
            Expect.equal answer.Status 500 "failed"
            Expect.equal traces.Told wanted "traced"
            let last = List.last traces.Ended
            Expect.equal
                (string (last.GetTagItem "error.type"))
                "Runa.SessionStoreException"
                "the type of the exception"
            Expect.isNull last.StatusDescription "and nothing that it says"
        })

[<Tests>]
let tests =
    testList
        "Activities"
        [ for driver in [ "memory"; "cache" ] do
              for make in all do
                  make driver

          testCaseTask "the driver cookie asks no store, so it traces commits only" (fun () ->
              task {
                  use! world = world "cookie"
                  use traces = new Traces(world.Name)
                  let browser = world.Browser()
                  let! _ = browser.Get "/set"
                  let! _ = browser.Get "/read"
                  Expect.equal traces.Told [ commit "created" ] "traced"
              })

          failing Behaviour.FailBefore StoreOperation.Load "/read" [ "load", "failed", "", true ]
          failing Behaviour.Hang StoreOperation.Load "/read" [ "load", "failed", "", true ]
          failing Behaviour.FailBefore StoreOperation.Replace "/set" [ load "found"; ("commit", "failed", "1", true) ]

          for driver in [ "memory"; "cache" ] do
              testCaseTask $"{driver}: a commit that was overtaken has its attempts" (fun () ->
                  task {
                      use! world = world driver
                      use traces = new Traces(world.Name)
                      let browser = world.Browser()
                      let! _ = browser.Get "/set"
                      let rival = browser.Copy()
                      world.Rival.Act <- fun () -> rival.Get "/set"
                      traces.Forget()
                      let! _ = browser.Get "/raced"
                      Expect.contains traces.Told ("commit", "changed", "2", false) "two attempts"
                  })

          testCaseTask
              "they are children of the request, siblings of each other, and parents of what the driver does"
              (fun () ->
                  task {
                      let inner = memory (clock ())
                      let seen = Collections.Concurrent.ConcurrentQueue<string>()

                      let seeing (call: unit -> ValueTask<'T>) : ValueTask<'T> =
                          ValueTask<'T>(
                              task {
                                  do! Task.Yield()

                                  match Activity.Current with
                                  | null -> ()
                                  | current -> seen.Enqueue current.OperationName

                                  return! call ()
                              }
                          )

                      let driver =
                          { inner with
                              Load = fun key token -> seeing (fun () -> inner.Load key token)
                              Replace =
                                  fun key version record token ->
                                      seeing (fun () -> inner.Replace key version record token)
                              Place = DriverPlace.Store }

                      let name = $"""p{Guid.NewGuid().ToString "N"}"""
                      use! world = worldOf name "tested" (SessionSetup.driver "tested" driver)
                      let browser = world.Browser()
                      let! _ = browser.Get "/set"
                      use traces = new Traces(name)
                      use request = (new Activity("request")).Start()
                      let! _ = browser.Get "/set"
                      Expect.equal (Activity.Current) request "current again"
                      Expect.equal (List.ofSeq seen) [ "runa.session.load"; "runa.session.commit" ] "of the driver"
                      let parents = traces.Ended |> List.map (fun it -> string it.ParentSpanId) |> List.distinct
                      Expect.hasLength traces.Ended 2 "load and commit"
                      Expect.hasLength parents 1 "one parent"
                      Expect.notEqual parents.Head (string traces.Ended.Head.SpanId) "siblings"
                  }) ]
