/// The limit of sessions per owner on a store that holds thousands, hangs or fails.
module Runa.Session.Tests.OwnerLimitStoreTests

open System
open System.Collections.Concurrent
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests.OwnerLimitSites

let private many =
    testCaseTask
        "an owner who has thousands is brought within a new limit by few calls, and each end is told"
        (fun () ->
            task {
                let clock = FakeTimeProvider()
                let store = memory clock
                let free = SessionRegistry.create (node clock store id)
                let mutable oldest: Committed option = None

                for _ in 1..2_345 do
                    let! one = signIn free
                    oldest <- Option.orElse (Some one) oldest
                    clock.Advance(TimeSpan.FromMilliseconds 1.)

                let calls = ConcurrentQueue<string * int>()
                let told = ConcurrentDictionary<string, int>()

                let counting =
                    { store with
                        Delete =
                            fun key token ->
                                calls.Enqueue("delete", 1)
                                store.Delete key token
                        DeleteMany =
                            fun keys token ->
                                calls.Enqueue("delete many", keys.Length)
                                store.DeleteMany keys token }

                let registry =
                    node clock counting (fun o -> { o with MaxSessions = Some 10 })
                    |> SessionSetup.events (fun event _ ->
                        if event.Kind = SessionEventKind.EndedByLimit then
                            told.AddOrUpdate(string event.Handle, 1, (fun _ count -> count + 1)) |> ignore

                        ValueTask())
                    |> SessionRegistry.create

                let! newest = signIn registry
                Expect.equal calls.Count 24 "24 calls for 2,336 sessions"
                Expect.isTrue
                    (calls |> Seq.forall (fun (name, count) -> name = "delete many" && count <= 100))
                    "a hundred each"
                let! left = count registry
                Expect.equal left 10 "the limit"
                let! isThere = isAlive registry newest
                Expect.isTrue isThere "the new one"
                let! isThere = isAlive registry oldest.Value
                Expect.isFalse isThere "the oldest"
                do! (registry :> IAsyncDisposable).DisposeAsync()
                Expect.equal told.Count 2_336 "told"
                Expect.isTrue (told.Values |> Seq.forall (fun count -> count = 1)) "once"
            })

let private hanging =
    testCaseTask
        "promise 14: a sign-in does not wait for other sign-ins of its owner for longer than for the store"
        (fun () ->
            task {
                let clock = FakeTimeProvider()
                let mutable isEndless = true
                let reached = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
                let store = memory clock
                let index = store.Owners.Value

                // Each call is within its limit, and all together are not.
                let list scope owner (_: string option) token =
                    ValueTask<OwnedPage>(
                        task {
                            if isEndless then
                                reached.TrySetResult() |> ignore
                                do! Task.Delay 20
                                return ({ Items = []; Unreadable = []; Next = Some "another" }: OwnedPage)
                            else
                                return! index.List scope owner None token
                        }
                    )

                let slow = SessionDriver.withOwners { index with List = list } store

                use registry =
                    node clock slow (fun o -> { o with MaxSessions = Some 5 })
                    |> SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 200.)
                    |> SessionRegistry.create

                let! signedInAlready = SessionRegistry.update "web" None id CancellationToken.None registry
                let first = Task.Run<Committed>(fun () -> signIn registry)
                do! reached.Task

                let waits =
                    [ "a sign-in", Session.signIn "ann"
                      "another one", Session.signIn "ann" >> Session.withLabel "phone" ]

                for name, step in waits do
                    let work = update step signedInAlready.CookieHeader registry

                    try
                        let! _ = work.WaitAsync(TimeSpan.FromSeconds 30.)
                        failtest "it was signed in"
                    with :? SessionStoreException as e ->
                        Expect.stringContains e.Message "waited for other sign-ins of its owner" name
                        Expect.isFalse e.MayHaveBeenSaved "nothing was saved"

                isEndless <- false
                let! first = first
                let! isThere = isAlive registry first
                Expect.isTrue isThere "the first one goes on"
                let! last = signIn registry
                let! isThere = isAlive registry last
                Expect.isTrue isThere "and the turn is free again"
            })

let private lost =
    testCaseTask "refuse: a record that could not be listed or deleted does not count against its owner" (fun () ->
        task {
            let clock = FakeTimeProvider()
            let store = memory clock
            let mutable isDown = false

            let listing =
                store
                |> listing (fun page ->
                    if isDown then
                        Task.FromException<OwnedPage>(IOException "down")
                    else
                        Task.FromResult page)

            let failing =
                { listing with
                    Delete = fun key token -> if isDown then raise (IOException "down") else store.Delete key token }

            use registry = limited clock failing 1 WhenFull.Refuse
            isDown <- true

            try
                let! _ = signIn registry
                failtest "it was signed in"
            with :? SessionStoreException ->
                ()

            isDown <- false
            let! left = count registry
            Expect.equal left 1 "it is still there, and nobody has its token"
            let! signedIn = signIn registry
            let! isThere = isAlive registry signedIn
            Expect.isTrue isThere "signed in"
            let! left = count registry
            Expect.equal left 1 "the other has been deleted"
        })

[<Tests>]
let tests = testList "OwnerLimit store" [ many; hanging; lost ]
