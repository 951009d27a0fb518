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

let private key (n: int) = StoreKey.ofBytes (ReadOnlySpan(Array.append (BitConverter.GetBytes n) (Array.zeroCreate 12)))

let private record (clock: TimeProvider) owner (minutes: float) : SessionRecord =
    { Version = RecordVersion.Next()
      Scope = "tests/web"
      State = { SessionState.fresh (clock.GetUtcNow()) (TimeSpan.FromMinutes minutes) with Owner = owner }
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

/// What is measured under this name while `work` runs, by the tag "owned".
let private counted (name: string) (work: unit -> unit) : (bool * int64) list =
    let found = List<bool * int64>()
    use listener = new MeterListener()

    listener.InstrumentPublished <-
        Action<_, _>(fun instrument listener ->
            if instrument.Name = name then
                listener.EnableMeasurementEvents instrument)

    let caller = Environment.CurrentManagedThreadId

    listener.SetMeasurementEventCallback(
        MeasurementCallback<int64>(fun _ count tags _ ->
            // Tests run side by side.
            if Environment.CurrentManagedThreadId = caller then
                found.Add(unbox<bool> tags[0].Value, count))
    )

    listener.Start()
    work ()
    List.ofSeq found

/// What a store holds of these keys.
let private standing (store: MemoryStore) (keys: int seq) : int list =
    [ for n in keys do
          if (store.Peek(key n)).IsSome then
              n ]

/// The wall clock jumps, and the one that only ever goes on does not.
type private JumpingClock(steady: TimeProvider) =
    inherit TimeProvider()
    member val Ahead = TimeSpan.Zero with get, set
    override this.GetUtcNow() = steady.GetUtcNow() + this.Ahead
    override _.TimestampFrequency = steady.TimestampFrequency
    override _.GetTimestamp() = steady.GetTimestamp()

/// A logger that keeps what it is told.
let private heard () =
    let lines = List<string>()

    let log =
        { new ILogger with
            member _.BeginScope _ = null
            member _.IsEnabled _ = true

            member _.Log(level, _, state, error, format) =
                if level = LogLevel.Warning then
                    lines.Add(format.Invoke(state, error)) }

    log, lines

let private open' (clock: TimeProvider) (maxSessions: int) (maxBytes: int64) =
    MemoryStore(clock, NullLogger.Instance, maxSessions, maxBytes)

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

              standing store [ 1..10 ] |> Expect.hasLength "everybody" 10

          testCase "promise 26: a session that alone is too large for the store leaves it, and displaces nobody"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 100 50_000L

              for n in 1..50 do
                  store.Create(key n, record clock (Some $"user {n}") 90.) |> ignore

              for owner in [ None; Some "mallory" ] do
                  let large = record clock owner 90.
                  let large = { large with State = { large.State with Values = Map [ "key", String('x', 30_000) ] } }
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
              |> List.sumBy (fun n -> MemoryEntry.SizeOf((store.Peek(key n)).Value))
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

              counted "runa.session.evicted" (fun () ->
                  for n in 1..22 do
                      store.Create(key n, record clock None 90.) |> ignore)
              |> Expect.equal "two strangers" [ false, 1L; false, 1L ]

              List.ofSeq lines |> Expect.isEmpty "no warning for strangers"

              let owned =
                  counted "runa.session.evicted" (fun () ->
                      for n in 101..160 do
                          store.Create(key n, record clock (Some "alice") 90.) |> ignore)
                  |> List.filter fst
                  |> List.sumBy snd

              int owned
              |> Expect.equal "those of alice that are not there" (60 - (standing store [ 101..160 ]).Length)

              lines.Count |> Expect.equal "warned once" 1
              clock.Advance(TimeSpan.FromMinutes 1.)
              store.PurgeExpired() |> ignore
              lines.Count |> Expect.equal "and once more" 2
              Expect.stringContains "of the rest" $"{owned - 1L} sessions" lines[1] ]
