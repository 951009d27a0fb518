module Runa.Session.Tests.OwnerLimitTests

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests.OwnerLimitSites

let private limited (o: SessionSettings) = { o with MaxSessions = Some 1; WhenFull = WhenFull.Refuse }

/// A registry on a driver that `wrap` makes of a new one.
let private registry (change: SessionSettings -> SessionSettings) (wrap: SessionDriver -> SessionDriver) =
    let clock = FakeTimeProvider()
    SessionRegistry.create (node clock (wrap (memory clock)) change)

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

          testCaseTask
              "promise 28: a sign-in does not end itself when a clock that is ahead began the others"
              (fun () ->
                  task {
                      let now = DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)
                      let memory =
                          MemoryDriver.create { MemoryDriver.defaults with TimeProvider = FakeTimeProvider now }

                      let node (clock: FakeTimeProvider) =
                          SessionSetup.empty
                          |> SessionSetup.driver "shared" memory
                          |> SessionSetup.session "web" (fun o -> { o with Driver = "shared"; MaxSessions = Some 2 })
                          |> SessionSetup.secrets [ secret ]
                          |> SessionSetup.application "app"
                          |> SessionSetup.timeProvider clock
                          |> SessionRegistry.create

                      let clock = FakeTimeProvider(now.AddMinutes 2.)
                      use ahead = node clock
                      use behind = node (FakeTimeProvider now)
                      let! oldest = signIn ahead
                      clock.Advance(TimeSpan.FromSeconds 1.)
                      let! newer = signIn ahead
                      let! newest = signIn behind

                      let isThere (committed: Committed) =
                          task {
                              let! session =
                                  SessionRegistry.load "web" committed.CookieHeader CancellationToken.None behind

                              return Session.owner session = Some "ann"
                          }

                      let! newestIsThere = isThere newest
                      Expect.isTrue newestIsThere "the new one"
                      let! newerIsThere = isThere newer
                      Expect.isTrue newerIsThere "the newer of the others"
                      let! oldestIsThere = isThere oldest
                      Expect.isFalse oldestIsThere "the oldest"
                  })

          testCaseTask "a session that another process has ended meanwhile is not told again" (fun () ->
              task {
                  let told = ConcurrentQueue<SessionEventKind>()

                  // Whatever is listed is gone by the time it is to be ended, apart from the newest.
                  let racing (driver: SessionDriver) =
                      let index = driver.Owners.Value

                      let list scope owner from token =
                          ValueTask<OwnedPage>(
                              task {
                                  let! page = index.List scope owner from token

                                  if page.Items.Length > 1 then
                                      let oldest = page.Items |> List.minBy _.Record.State.CreatedAt
                                      let! _ = driver.Delete oldest.Key token
                                      ()

                                  return page
                              }
                          )

                      driver |> SessionDriver.withOwners { index with List = list }

                  let clock = FakeTimeProvider()

                  let registry =
                      node clock (racing (memory clock)) (fun o -> { o with MaxSessions = Some 1 })
                      |> SessionSetup.events (fun event _ ->
                          told.Enqueue event.Kind
                          ValueTask())
                      |> SessionRegistry.create

                  let! _ = signIn registry
                  clock.Advance(TimeSpan.FromSeconds 1.)
                  let! _ = signIn registry
                  do! (registry :> IAsyncDisposable).DisposeAsync()

                  Expect.equal
                      (List.ofSeq told)
                      [ SessionEventKind.Created
                        SessionEventKind.SignedIn
                        SessionEventKind.Created
                        SessionEventKind.SignedIn ]
                      "the other process tells its end"
              })

          testCaseTask "an owner who has too many already may be authenticated again" (fun () ->
              task {
                  let clock = FakeTimeProvider()
                  let driver = memory clock
                  let node change = SessionRegistry.create (node clock driver change)

                  let before = node id
                  let! _ = signIn before
                  let! _ = signIn before
                  let! third = signIn before
                  clock.Advance(TimeSpan.FromSeconds 30.)
                  let after = node limited

                  let! again =
                      SessionRegistry.update
                          "web"
                          third.CookieHeader
                          Session.reauthenticate
                          CancellationToken.None
                          after

                  Expect.isTrue (Session.isFresh (TimeSpan.FromSeconds 1.) again.Session) "again"
                  let! all = SessionRegistry.forOwner "web" "ann" CancellationToken.None after
                  Expect.hasLength all 3 "as many as before"
              })

          testCaseTask "a full list is not read to its end" (fun () ->
              task {
                  let mutable pages = 0

                  // One page for each session.
                  let paging (driver: SessionDriver) =
                      let index = driver.Owners.Value

                      let list scope owner (from: string option) token =
                          ValueTask<OwnedPage>(
                              task {
                                  pages <- pages + 1
                                  let! page = index.List scope owner None token
                                  let at = from |> Option.map int |> Option.defaultValue 0

                                  return
                                      { page with
                                          Items = page.Items |> List.skip at |> List.truncate 1
                                          Next = if at + 1 < page.Items.Length then Some(string (at + 1)) else None }
                              }
                          )

                      driver |> SessionDriver.withOwners { index with List = list }

                  let clock = FakeTimeProvider()
                  let driver = paging (memory clock)
                  let node change = SessionRegistry.create (node clock driver change)

                  let before = node id

                  for _ in 1..50 do
                      let! _ = signIn before
                      ()

                  let after = node limited
                  let mutable raised: exn | null = null

                  try
                      let! _ = signIn after
                      ()
                  with e ->
                      raised <- e

                  Expect.isTrue (raised :? SessionLimitException) $"{raised}"
                  // Two to find out that there are too many, and one that there is no room.
                  Expect.equal pages 3 "pages"
              }) ]
