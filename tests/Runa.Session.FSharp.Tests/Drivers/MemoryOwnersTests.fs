module Runa.Session.Tests.MemoryOwnersTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging.Abstractions
open Runa.Session
open Runa.Session.Tests.Drivers

let private key (n: int) = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 (byte n)))

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
              owners.Keys("web", "alice") |> Expect.equal "alice" [ key 2 ]
              owners.Keys("admin", "alice") |> Expect.equal "alice as admin" [ key 3 ]
              owners.Keys("web", "carol") |> Expect.equal "nobody" []

          testCase "promise 27: an advance changes the epoch of that owner in that scope only"
          <| fun () ->
              let owners = MemoryOwners(clock ())
              owners.Advance("web", "bob")
              let before = [ owners.Epoch("web", "bob"); owners.Epoch("admin", "alice") ]
              let alice = owners.Epoch("web", "alice")
              owners.Advance("web", "alice")
              owners.Epoch("web", "alice") |> Expect.notEqual "alice" alice
              [ owners.Epoch("web", "bob"); owners.Epoch("admin", "alice") ] |> Expect.equal "others" before

          testCase "promise 27: advancing a scope changes the epoch of every owner in it, known or not"
          <| fun () ->
              let owners = MemoryOwners(clock ())
              owners.Advance("web", "alice")
              let before = [ for owner in [ "alice"; "new" ] -> owners.Epoch("web", owner) ]
              let admin = owners.Epoch("admin", "alice")
              owners.AdvanceAll "web"

              for epoch, owner in List.zip before [ "alice"; "new" ] do
                  owners.Epoch("web", owner) |> Expect.notEqual owner epoch

              owners.Epoch("admin", "alice") |> Expect.equal "the other scope" admin

          testCase "an epoch is kept while a sign-in could be under way, also without sessions"
          <| fun () ->
              let clock = clock ()
              let owners = MemoryOwners clock
              owners.Add("web", "alice", key 1)
              owners.Advance("web", "alice")
              let epoch = owners.Epoch("web", "alice")
              owners.Remove("web", "alice", key 1)
              clock.Advance(TimeSpan.FromMinutes 5.)
              owners.Trim()
              owners.Epoch("web", "alice") |> Expect.equal "kept" epoch

          testCase "promise 26: an owner without sessions is forgotten after a while, one with sessions is not"
          <| fun () ->
              let clock = clock ()
              let owners = MemoryOwners clock
              owners.Advance("web", "alice")
              owners.Add("web", "bob", key 1)
              owners.Advance("web", "bob")
              let bob = owners.Epoch("web", "bob")
              clock.Advance(TimeSpan.FromMinutes 11.)
              owners.Trim()
              owners.Epoch("web", "alice") |> Expect.equal "forgotten" 0L
              owners.Epoch("web", "bob") |> Expect.equal "kept" bob

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

              owners.Keys("web", "alice")
              |> List.sortBy StoreKey.toText
              |> Expect.equal "one of each thread" [ key 1; key 2; key 3; key 4 ]

          testCase "promise 27: a listing goes on page by page, and shows each living session once"
          <| fun () ->
              let clock = clock ()
              let store = MemoryStore(clock, NullLogger.Instance, 1000, Int64.MaxValue)

              let record: SessionRecord =
                  { Version = RecordVersion.Next()
                    Scope = "web"
                    State = { SessionState.fresh (clock.GetUtcNow()) (TimeSpan.FromHours 1.) with Owner = Some "alice" }
                    IdleEnd = ValueNone
                    Kind = RecordKind.Live }

              for n in 1..25 do
                  store.Create(key n, record) |> ignore

              store.Create(key 30, { record with IdleEnd = ValueSome(clock.GetUtcNow()) }) |> ignore

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
                  "each once, without the expired one"
                  ([ for n in 1..25 -> StoreKey.toText (key n) ]
                   |> List.sortWith (fun a b -> String.CompareOrdinal(a, b))) ]
