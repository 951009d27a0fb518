/// Who leaves a full memory store first.
module Runa.Session.Tests.MemoryEvictionTests

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

[<Tests>]
let tests =
    testList
        "MemoryEviction"
        [ testCase
              "promise 26: expired ones leave first, then strangers seen once, then strangers longest idle, then owned ones"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 6 Int64.MaxValue
              let create n owner minutes = store.Create(key n, record clock owner minutes) |> ignore
              let later () = clock.Advance(TimeSpan.FromMinutes 2.)
              create 1 (Some "alice") 90.
              create 2 (Some "bob") 1.
              create 3 None 90.
              create 4 None 90.
              create 5 None 90.
              later ()
              store.Load(key 4) |> ignore
              later ()
              store.Load(key 3) |> ignore
              later ()
              create 6 (Some "carol") 90.
              let standing () = standing store [ 1..12 ]
              standing () |> Expect.equal "all fit" [ 1..6 ]
              create 7 (Some "dave") 90.
              standing () |> Expect.equal "the expired one, though it was a user's" [ 1; 3; 4; 5; 6; 7 ]
              create 8 (Some "erin") 90.
              standing () |> Expect.equal "the stranger seen once" [ 1; 3; 4; 6; 7; 8 ]
              create 9 (Some "frank") 90.
              standing () |> Expect.equal "the stranger longest idle" [ 1; 3; 6; 7; 8; 9 ]
              later ()
              store.Load(key 1) |> ignore
              create 10 (Some "grace") 90.
              create 11 (Some "heidi") 90.
              standing ()
              |> Expect.equal "one user and one stranger more than there is room for" [ 1; 3; 6; 7; 8; 9; 10; 11 ]
              create 12 (Some "ivan") 90.
              let left = standing ()
              left |> Expect.hasLength "one for one" 8
              left |> Expect.containsAll "who was there lately, and the newcomer" [ 1; 10; 11; 12 ]

          testCase
              "promise 26: strangers who come to a store full of signed-in users displace each other, and nobody else"
          <| fun () ->
              let clock = clock ()
              let log, lines = heard ()
              let store = MemoryStore(clock, log, 1_000, Int64.MaxValue)

              for n in 1..1_000 do
                  store.Create(key n, record clock (Some $"user {n}") 90.) |> ignore

              for n in 1_001..4_000 do
                  store.Create(key n, record clock None 90.) |> Expect.isTrue "created"
                  (store.Peek(key n)).IsSome |> Expect.isTrue "the newcomer is there until the next one comes"
                  Expect.isLessThanOrEqual "bounded" (store.Count, 1_001)

              standing store [ 1..1_000 ] |> Expect.hasLength "every user" 1_000
              lines.Count |> Expect.equal "warned of, once" 1
              clock.Advance(TimeSpan.FromMinutes 1.)
              store.PurgeExpired() |> Expect.equal "nothing to purge" 0
              lines.Count |> Expect.equal "and of the rest a minute later" 2
              Expect.stringContains "with their number" "2998 sessions" lines[1]

          testCase "promise 26: signed-in users go only for signed-in users, one for one"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 1_000 Int64.MaxValue

              for n in 1..1_000 do
                  store.Create(key n, record clock (Some $"user {n}") 90.) |> ignore

              clock.Advance(TimeSpan.FromMinutes 1.)

              for n in 2_001..2_100 do
                  store.Create(key n, record clock (Some $"user {n}") 90.) |> ignore

              standing store [ 1..1_000 ] |> Expect.hasLength "all but as many as came" 901
              standing store [ 2_001..2_100 ] |> Expect.hasLength "those who came" 100

          testCase "promise 4, 26: who changes the id of a session in a full store, again and again, logs nobody out"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 200 Int64.MaxValue

              for n in 1..200 do
                  store.Create(key n, record clock (Some $"user {n}") 90.) |> ignore

              let mutable last = key 200

              for n in 1_001..2_000 do
                  let next = record clock (Some "user 200") 90.
                  let (found: SessionRecord voption) = store.Load last
                  store.Create(key n, next) |> ignore

                  NewRecord.tombstone (clock.GetUtcNow()) "tests/web" (RecordVersion.Next()) (Some "user 200") (key n)
                  |> fun stone -> store.Replace(last, found.Value.Version, stone)
                  |> Expect.equal "moved" ReplaceResult.Replaced

                  last <- key n

              standing store [ 1..199 ] |> Expect.hasLength "everybody else" 199
              Expect.isLessThanOrEqual "tombstones are bounded, too" (store.Count, 200 + 64 + 50 + 1)

          testCase "promise 4, 9, 26: the tombstone of a signed-in user is not displaced by strangers"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 50 60_000L
              let first = record clock (Some "alice") 90.
              store.Create(key 1, first) |> ignore

              NewRecord.tombstone (clock.GetUtcNow()) "tests/web" (RecordVersion.Next()) (Some "alice") (key 2)
              |> fun stone -> store.Replace(key 1, first.Version, stone)
              |> Expect.equal "moved" ReplaceResult.Replaced

              for n in 1_000..3_000 do
                  store.Create(key n, record clock None 90.) |> ignore

              match store.Peek(key 1) with
              | ValueSome found -> SessionRecord.isTombstone found |> Expect.isTrue "the tombstone"
              | ValueNone -> failtest "the tombstone is gone"

          testCase "promise 26: what a flood of strangers displaces first is the flood: those who came back stay"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 1_000 Int64.MaxValue

              for n in 1..500 do
                  store.Create(key n, record clock None 90.) |> ignore
                  store.Load(key n) |> ignore

              clock.Advance(TimeSpan.FromMinutes 10.)

              for n in 10_000..30_000 do
                  store.Create(key n, record clock None 90.) |> ignore

              standing store [ 1..500 ] |> Expect.hasLength "those who came back" 500
              store.Count |> Expect.equal "full" 1_000

          testCase "promise 26: in a store full of strangers who came back there is room for new ones to come back"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 800 Int64.MaxValue

              for n in 1..800 do
                  store.Create(key n, record clock None 90.) |> ignore
                  store.Load(key n) |> ignore

              clock.Advance(TimeSpan.FromMinutes 10.)

              for n in 10_000..10_079 do
                  store.Create(key n, record clock None 90.) |> ignore

              standing store [ 10_000..10_079 ] |> Expect.hasLength "80 newcomers at a time" 80

          testCase "promise 28: a clock that jumps makes no session the first to leave"
          <| fun () ->
              let clock = JumpingClock(clock ())
              let store = open' clock 10 Int64.MaxValue

              for n in 1..10 do
                  store.Create(key n, record clock (Some $"user {n}") 60.) |> ignore

              clock.Ahead <- TimeSpan.FromHours 3.

              for n in 11..40 do
                  store.Create(key n, record clock None 60.) |> ignore

              standing store [ 1..10 ] |> Expect.hasLength "everybody" 10 ]
