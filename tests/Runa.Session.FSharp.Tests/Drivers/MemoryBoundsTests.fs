/// What bounds a memory store, and what is told of it.
module Runa.Session.Tests.MemoryBoundsTests

open System
open System.Collections.Generic
open System.Diagnostics.Metrics
open System.Threading
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Logging.Abstractions
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Evictions

/// The bytes by which the store counts a record.
let private sizeOf (record: SessionRecord) : int64 =
    int64 (MemoryEntry.SizeOf((PackedRecord.pack record).Length, record.State.Owner.IsSome))

[<Tests>]
let tests =
    testList
        "MemoryEviction"
        [ testCase "promise 26: a session that alone is too large for the store leaves it, and displaces nobody"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 100 50_000L

              for n in 1..50 do
                  store.Create(key n, record clock (Some $"user {n}") 90.) |> ignore

              for owner in [ None; Some "mallory" ] do
                  let large = record clock owner 90.
                  let large = { large with State = { large.State with Values = Map [ "key", String('x', 60_000) ] } }
                  store.Create(key 99, large) |> Expect.isTrue "created"
                  (store.Peek(key 99)).IsNone |> Expect.isTrue "and gone"

              standing store [ 1..50 ] |> Expect.hasLength "everybody else" 50

          testCase "promise 26: a flood of strangers is bounded, and logs nobody out"
          <| fun () ->
              let clock = clock ()
              let store = MemoryStore(clock, NullLogger.Instance, 500, Int64.MaxValue)

              for n in 1..200 do
                  store.Create(key n, record clock (Some $"user {n}") 90.) |> ignore

              for n in 1_000..21_000 do
                  store.Create(key n, record clock None 90.) |> ignore
                  Expect.isLessThanOrEqual "bounded" (store.Count, 500)

              for n in 1..200 do
                  store.Load(key n) |> Expect.notEqual $"user {n} is signed in" ValueNone

          testCase "promise 26: a flood is bounded from many threads at once"
          <| fun () ->
              let clock = clock ()
              let store = MemoryStore(clock, NullLogger.Instance, 500, Int64.MaxValue)
              store.Create(key 1, record clock (Some "alice") 90.) |> ignore

              let flood from =
                  let thread =
                      Thread(fun () ->
                          for n in from .. from + 5_000 do
                              store.Create(key n, record clock None 90.) |> ignore)

                  thread.Start()
                  thread

              [ 10_000; 20_000; 30_000; 40_000 ] |> List.map flood |> List.iter _.Join()
              Expect.isLessThanOrEqual "bounded" (store.Count, 500)
              store.Load(key 1) |> Expect.notEqual "alice is signed in" ValueNone

          testCase "promise 26: whatever threads do to a full store at once, its counts are those of its records"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 50 60_000L

              let work (seed: int) =
                  let thread =
                      Thread(fun () ->
                          let random = Random seed
                          let someone () = if random.Next 3 = 0 then None else Some $"user {random.Next 5}"

                          let some () =
                              let made = record clock (someone ()) 90.
                              let text = String('x', random.Next 2_000)
                              { made with State = { made.State with Values = Map [ "key", text ] } }

                          for _ in 1..8_000 do
                              let key = key (random.Next 120)

                              match random.Next 6 with
                              | 0 -> store.Delete key |> ignore
                              | 1 -> store.Touch(key, clock.GetUtcNow().AddMinutes 30.) |> ignore
                              | 2 ->
                                  match store.Load key with
                                  | ValueSome found -> store.Replace(key, found.Version, some ()) |> ignore
                                  | ValueNone -> ()
                              | _ -> store.Create(key, some ()) |> ignore)

                  thread.Start()
                  thread

              [ 1..4 ] |> List.map work |> List.iter _.Join()
              let keys = standing store [ 0..119 ]
              store.Count |> Expect.equal "as many as stand" keys.Length
              Expect.isLessThanOrEqual "bounded" (keys.Length, 52)

              keys
              |> List.sumBy (fun n -> sizeOf (store.Peek(key n)).Value)
              |> Expect.equal "their bytes" store.Bytes

              let pages = [ for n in 0..4 -> store.List("tests/web", $"user {n}", None, 1_000) ]
              let owned = pages |> List.sumBy (fun page -> page.Items.Length)
              let isOwned n = (store.Peek(key n)).Value.State.Owner.IsSome
              owned |> Expect.equal "the owners' lists" (keys |> List.filter isOwned |> List.length)
              store.DeleteAll "tests/web" |> Expect.equal "all of them" keys.Length
              (store.Count, store.Bytes) |> Expect.equal "nothing" (0, 0L)

          testCase "promise 26: the bytes of what is stored are bounded, replaced ones included"
          <| fun () ->
              let clock = clock ()
              let most = 200_000L
              let store = MemoryStore(clock, NullLogger.Instance, Int32.MaxValue, most)

              for n in 1..200 do
                  let small = record clock None 90.
                  store.Create(key n, small) |> ignore
                  let big = { small.State with Values = Map [ "key", String('x', 5_000) ] }
                  store.Replace(key n, small.Version, { small with State = big }) |> ignore
                  Expect.isLessThanOrEqual "bounded" (store.Bytes, most)

          testCase "promise 26: a stranger's record that grows displaces strangers only"
          <| fun () ->
              let clock = clock ()
              let most = 200_000L
              let store = open' clock Int32.MaxValue most

              for n in 1..300 do
                  store.Create(key n, record clock (Some $"user {n}") 90.) |> ignore

              let users = standing store [ 1..300 ]

              for n in 1_001..1_100 do
                  let small = record clock None 90.
                  store.Create(key n, small) |> ignore

                  for length in [ 500; 2_000; 8_000 ] do
                      match store.Peek(key n) with
                      | ValueSome current ->
                          let state = { small.State with Values = Map [ "key", String('x', length) ] }
                          let next = { current with Version = RecordVersion.Next(); State = state }
                          store.Replace(key n, current.Version, next) |> ignore
                      | ValueNone -> ()

                      Expect.isLessThanOrEqual "bounded" (store.Bytes, most + most / 8L)

              standing store [ 1..300 ] |> Expect.equal "every user" users

          testCase "promise 26: what is evicted is counted, owned ones apart, and those are warned of, once a minute"
          <| fun () ->
              let clock = clock ()
              let log, lines = heard ()
              let store = MemoryStore(clock, log, 20, Int64.MaxValue)

              for n in 1..22 do
                  store.Create(key n, record clock None 90.) |> ignore

              (store.Usage.EvictedVisitors, store.Usage.EvictedUsers) |> Expect.equal "two strangers" (2L, 0L)

              List.ofSeq lines |> Expect.isEmpty "no warning for strangers"

              for n in 101..160 do
                  store.Create(key n, record clock (Some "alice") 90.) |> ignore

              let owned = store.Usage.EvictedUsers

              int owned
              |> Expect.equal "those of alice that are not there" (60 - (standing store [ 101..160 ]).Length)

              lines.Count |> Expect.equal "warned once" 1
              clock.Advance(TimeSpan.FromMinutes 1.)
              store.PurgeExpired() |> ignore
              lines.Count |> Expect.equal "and once more" 2
              Expect.stringContains "of the rest" $"{owned - 1L} sessions" lines[1] ]
