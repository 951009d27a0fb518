module Runa.Session.Tests.MemoryOwnersTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging.Abstractions
open Runa.Session
open Runa.Session.TestSupport

let private key (n: int) = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 (byte n)))

let private keysOf (owners: MemoryOwners) scope owner : StoreKey list =
    let struct (keys, _) = owners.Page(scope, owner, ValueNone, Int32.MaxValue - 1)
    List.ofArray keys

[<Tests>]
let tests =
    testList
        "MemoryOwners"
        [ testCase "the keys of an owner are those added and not removed, by scope"
          <| fun () ->
              let owners = MemoryOwners(clock ())
              owners.Add("web", "alice", key 1)
              owners.Add("web", "alice", key 2)
              owners.Add("admin", "alice", key 3)
              owners.Add("web", "bob", key 4)
              owners.Remove("web", "alice", key 1)
              keysOf owners "web" "alice" |> Expect.equal "alice" [ key 2 ]
              keysOf owners "admin" "alice" |> Expect.equal "alice as admin" [ key 3 ]
              keysOf owners "web" "carol" |> Expect.equal "nobody" []

          testCase "promise 27: an advance changes the epoch of that owner in that scope only"
          <| fun () ->
              let owners = MemoryOwners(clock ())
              owners.Advance("web", "bob")
              let before = [ owners.Epoch("web", "bob").Number; owners.Epoch("admin", "alice").Number ]
              let alice = owners.Epoch("web", "alice").Number
              owners.Advance("web", "alice")
              owners.Epoch("web", "alice").Number |> Expect.notEqual "alice" alice
              [ owners.Epoch("web", "bob").Number; owners.Epoch("admin", "alice").Number ]
              |> Expect.equal "others" before

          testCase "promise 27: advancing a scope changes the epoch of every owner in it, known or not"
          <| fun () ->
              let owners = MemoryOwners(clock ())
              owners.Advance("web", "alice")
              let before = [ for owner in [ "alice"; "new" ] -> owners.Epoch("web", owner).Number ]
              let admin = owners.Epoch("admin", "alice").Number
              owners.AdvanceAll "web"

              for epoch, owner in List.zip before [ "alice"; "new" ] do
                  owners.Epoch("web", owner).Number |> Expect.notEqual owner epoch

              owners.Epoch("admin", "alice").Number |> Expect.equal "the other scope" admin

          testCase "an epoch is kept while a sign-in could be under way, also without sessions"
          <| fun () ->
              let clock = clock ()
              let owners = MemoryOwners clock
              owners.Add("web", "alice", key 1)
              owners.Advance("web", "alice")
              let epoch = owners.Epoch("web", "alice").Number
              owners.Remove("web", "alice", key 1)
              clock.Advance(TimeSpan.FromMinutes 5.)
              owners.Trim()
              owners.Epoch("web", "alice").Number |> Expect.equal "kept" epoch

          testCase "promise 26: an owner without sessions is forgotten after a while, one with sessions is not"
          <| fun () ->
              let clock = clock ()
              let owners = MemoryOwners clock
              owners.Advance("web", "alice")
              owners.Add("web", "bob", key 1)
              owners.Advance("web", "bob")
              let bob = owners.Epoch("web", "bob").Number
              clock.Advance(TimeSpan.FromMinutes 11.)
              owners.Trim()
              owners.Epoch("web", "alice").Number |> Expect.equal "forgotten" 0L
              owners.Epoch("web", "bob").Number |> Expect.equal "kept" bob

          testCase "adding and removing on many threads, with trims in between, loses no key"
          <| fun () ->
              let owners = MemoryOwners(clock ())

              let work n =
                  let thread =
                      Thread(fun () ->
                          for _ in 1..2_000 do
                              owners.Add("web", "alice", key n)
                              owners.Trim()
                              owners.Remove("web", "alice", key n)

                          owners.Add("web", "alice", key n))

                  thread.Start()
                  thread

              [ 1..4 ] |> List.map work |> List.iter _.Join()

              keysOf owners "web" "alice"
              |> List.sortBy StoreKey.toText
              |> Expect.equal "one of each thread" [ key 1; key 2; key 3; key 4 ]

          testCase
              "promise 27: each page goes on after the one before, in order, whatever was added and removed between them"
          <| fun () ->
              let owners = MemoryOwners(clock ())
              let numbers (struct (keys, hasMore): struct (StoreKey[] * bool)) =
                  [ for key in keys -> int (Array.head (StoreKey.toBytes key)) ], hasMore

              for n in 255..-1..1 do
                  owners.Add("web", "alice", key n)

              let page after = owners.Page("web", "alice", after, 10) |> numbers
              page ValueNone |> Expect.equal "the first" ([ 1..10 ], true)
              page (ValueSome(key 10)) |> Expect.equal "the second" ([ 11..20 ], true)
              owners.Remove("web", "alice", key 20)
              owners.Remove("web", "alice", key 25)
              page (ValueSome(key 20)) |> Expect.equal "behind one that is gone" ([ 21..24 ] @ [ 26..31 ], true)
              page (ValueSome(key 245)) |> Expect.equal "the last" ([ 246..255 ], false)
              page (ValueSome(key 255)) |> Expect.equal "behind the last" ([], false)
              owners.Page("web", "bob", ValueSome(key 3), 10) |> numbers |> Expect.equal "of nobody" ([], false)

          testCase
              "promise 27: an epoch's age is small after a change, of the owner or the scope, and grows by a clock of its own"
          <| fun () ->
              let clock = clock ()
              let owners = MemoryOwners clock
              let age owner = owners.Epoch("web", owner).Age
              age "alice" |> Expect.equal "never" TimeSpan.MaxValue
              owners.Advance("web", "alice")
              let began = Diagnostics.Stopwatch.GetTimestamp()
              clock.Advance(TimeSpan.FromMinutes 9.)
              let first = age "alice"
              (first, TimeSpan.FromMinutes 1.) |> Expect.isLessThan "by no other clock"
              Thread.Sleep 2
              (age "alice", first) |> Expect.isGreaterThan "it grows"
              let since = Diagnostics.Stopwatch.GetElapsedTime began
              (age "alice", since) |> Expect.isGreaterThanOrEqual "since then"
              age "bob" |> Expect.equal "bob's" TimeSpan.MaxValue
              let before = age "alice"
              owners.AdvanceAll "web"
              (age "alice", before) |> Expect.isLessThan "small again"
              (age "bob", before) |> Expect.isLessThan "bob's, too"

          testCase
              "promise 27, 28: a listing goes on page by page, and shows each session once, also one that has just ended"
          <| fun () ->
              let clock = clock ()
              let store = MemoryStore(clock, NullLogger.Instance, 1000, Int64.MaxValue)

              let record: SessionRecord =
                  { Version = RecordVersion.Next()
                    Scope = "web"
                    State = { SessionState.fresh (clock.GetUtcNow()) (TimeSpan.FromHours 1.) with Owner = Some "alice" }
                    IdleExpiresAt = ValueNone
                    Kind = RecordKind.Live }

              for n in 1..25 do
                  store.Create(key n, record) |> ignore

              store.Create(key 30, { record with IdleExpiresAt = ValueSome(clock.GetUtcNow()) }) |> ignore

              let rec pages from =
                  let page = store.List("web", "alice", from, 10)

                  page.Items
                  :: (match page.Next with
                      | None -> []
                      | next -> pages next)

              let pages = pages None
              pages |> List.map List.length |> List.max |> Expect.equal "at most ten" 10

              pages
              |> List.concat
              |> List.map (fun item -> StoreKey.toText item.Key)
              |> Expect.equal
                  "each once, in the order of their bytes"
                  [ for n in [ 1..25 ] @ [ 30 ] -> StoreKey.toText (key n) ] ]
