module Runa.Session.Tests.WaitingTests

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Primitives
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.Tickets

/// It ends with OperationCanceledException once this is done, and not before.
let private endsOnce (cancel: unit -> unit) (work: Task) =
    task {
        Expect.isFalse work.IsCompleted "it waits"
        cancel ()

        try
            do! work
            failtest "it was not cancelled"
        with :? OperationCanceledException ->
            Expect.isTrue work.IsCanceled "cancelled, not failed"
    }

/// A store whose operations wait, and the registry over it.
let private slow operations =
    let clock = clock ()
    let gate = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
    let driver = TestDriver.Counting(memory clock)
    let registry = registry clock driver.Driver
    let close () = driver.Behave <- TestDriver.Only(operations, Behaviour.Wait gate.Task)

    let openAgain () =
        driver.Behave <- fun _ -> Behaviour.Pass
        gate.TrySetResult() |> ignore

    driver, registry, close, openAgain

let private committed (registry: SessionRegistry) change : string option =
    let session = SessionRegistry.load "web" None CancellationToken.None registry |> wait
    let done' = SessionRegistry.commit (change session) CancellationToken.None registry |> wait
    cookieHeader done'.Cookies

let private counted registry header =
    SessionRegistry.load "web" header CancellationToken.None registry |> wait |> Session.getOr count 0

let private contextOf (registry: SessionRegistry) (header: string option) : HttpContext =
    let services = ServiceCollection().AddSingleton(registry).BuildServiceProvider()
    let context = DefaultHttpContext(RequestServices = services)
    context.Request.Headers.Cookie <- StringValues(Option.toObj header)
    context

let private reading =
    let calls: (string * (SessionRegistry -> string option -> CancellationToken -> Task)) list =
        [ "SessionRegistry.load", (fun registry header token -> SessionRegistry.load "web" header token registry)
          "SessionRegistry.update",
          (fun registry header token -> SessionRegistry.update "web" header increment token registry)
          "SessionRegistry.forOwner", (fun registry _ token -> SessionRegistry.forOwner "web" "ann" token registry)
          "SessionRegistry.revokeOwner",
          (fun registry _ token -> SessionRegistry.revokeOwner "web" "ann" token registry)
          "ctx.LoadSessionAsync",
          (fun registry header token -> (contextOf registry header).LoadSessionAsync("web", cancellationToken = token))
          "ctx.UpdateSessionAsync",
          (fun registry header token ->
              (contextOf registry header).UpdateSessionAsync("web", increment, cancellationToken = token))
          "ctx.UpdateSessionAsync with a result",
          (fun registry header token ->
              (contextOf registry header)
                  .UpdateSessionAsync("web", (fun session -> increment session, 1), cancellationToken = token)) ]

    testList
        "a token cancelled while the store is asked ends the waiting"
        [ for name, call in calls do
              testCaseTask name (fun () ->
                  task {
                      let _, registry, close, openAgain = slow [ StoreOperation.Load; StoreOperation.List ]
                      let header = committed registry (increment >> Session.signIn "ann")
                      close ()
                      use caller = new CancellationTokenSource()
                      do! call registry header caller.Token |> endsOnce caller.Cancel
                      openAgain ()
                      Expect.equal (counted registry header) 1 "nothing was saved"
                  })

              testCaseTask $"{name}, cancelled before" (fun () ->
                  task {
                      let driver, registry, _, _ = slow []
                      let header = committed registry increment
                      driver.Forget()

                      try
                          do! call registry header (CancellationToken true)
                          failtest "it was not cancelled"
                      with :? OperationCanceledException ->
                          Expect.isEmpty driver.Calls "the store was not asked"
                  }) ]

let private writing =
    testList
        "a commit that has begun is finished"
        [ for name, call in
              [ "SessionRegistry.update",
                (fun registry header token -> SessionRegistry.update "web" header increment token registry :> Task)
                "ctx.UpdateSessionAsync",
                (fun registry header token ->
                    (contextOf registry header).UpdateSessionAsync("web", increment, cancellationToken = token)) ] do
              testCaseTask $"promise 15: {name}" (fun () ->
                  task {
                      let _, registry, close, openAgain = slow [ StoreOperation.Replace ]
                      let header = committed registry increment
                      close ()
                      use caller = new CancellationTokenSource()
                      let work: Task = call registry header caller.Token
                      caller.Cancel()
                      Expect.isFalse work.IsCompleted "it is waited for"
                      openAgain ()
                      do! work
                      Expect.equal (counted registry header) 2 "saved"
                  }) ]

let private queue =
    testCaseTask "promise 15: a request that is cancelled in the queue leaves it, and holds nobody up" (fun () ->
        task {
            let key = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 1uy))
            let queues = CommitQueues()
            let! _ = queues.Enter(key, TimeSpan.FromMinutes 1.)
            use caller = new CancellationTokenSource()
            let second = queues.Enter(key, TimeSpan.FromMinutes 1., caller.Token)
            let third = queues.Enter(key, TimeSpan.FromMinutes 1.)
            do! second |> endsOnce caller.Cancel
            Expect.isFalse third.IsCompleted "the first one is at it"
            queues.Leave(key, ValueNone)
            let! _ = third
            queues.Leave(key, ValueNone)
            Expect.isFalse (queues.IsBusy key) "empty"
        })

let private tickets =
    testList
        "the token of a ticket's request"
        [ testCaseTask "ends the waiting for a ticket that is read" (fun () ->
              task {
                  let world = world ()
                  let! key = world.Store.StoreAsync(plain ann)
                  let context = DefaultHttpContext()
                  world.Driver.Behave <- TestDriver.Only([ StoreOperation.Load ], Behaviour.HangUntilCancelled)
                  use caller = new CancellationTokenSource()
                  do! world.Store.RetrieveAsync(key, context, caller.Token) |> endsOnce caller.Cancel
              })

          testCaseTask "promise 15: ends no sign-in and no sign-out" (fun () ->
              task {
                  let world = world ()
                  let context = DefaultHttpContext()
                  let! key = world.Store.StoreAsync(plain ann, context, CancellationToken true)
                  let! stored = found world key
                  Expect.isNonEmpty stored "signed in"
                  do! world.Store.RemoveAsync(key, context, CancellationToken true)
                  let! left = found world key
                  Expect.isEmpty left "signed out"
              }) ]

[<Tests>]
let tests = testList "Waiting" [ reading; writing; queue; tickets ]
