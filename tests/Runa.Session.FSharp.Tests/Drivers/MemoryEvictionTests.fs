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
open Runa.Session.Tests.Drivers

let private key (n: int) = StoreKey.ofBytes (ReadOnlySpan(Array.append (BitConverter.GetBytes n) (Array.zeroCreate 12)))

let private record (clock: TimeProvider) owner (minutes: float) : SessionRecord =
    { Version = RecordVersion.Next()
      Scope = "tests/web"
      State = { SessionState.fresh (clock.GetUtcNow()) (TimeSpan.FromMinutes minutes) with Owner = owner }
      IdleEnd = ValueNone
      Kind = RecordKind.Live }

let private chosen now keepCount keepBytes entries =
    MemoryEviction.choose now keepCount keepBytes entries
    |> List.map (fun struct (entry, _, rank) -> entry.Key, rank)

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

[<Tests>]
let tests =
    testList
        "MemoryEviction"
        [ testCase
              "promise 26: expired ones leave first, then strangers seen once, then strangers longest idle, then owned ones"
          <| fun () ->
              let clock = clock ()
              let entry n owner minutes = MemoryEntry(key n, record clock owner minutes, clock.GetUtcNow())
              let owned = entry 1 (Some "alice") 90.
              let idle = entry 2 None 90.
              let expired = entry 3 (Some "bob") 1.
              let seenAgain = entry 4 None 90.
              clock.Advance(TimeSpan.FromMinutes 2.)
              idle.Use(clock.GetUtcNow())
              clock.Advance(TimeSpan.FromMinutes 2.)
              seenAgain.Use(clock.GetUtcNow())
              let once = entry 5 None 90.
              let entries = [ owned; idle; expired; seenAgain; once ]

              chosen (clock.GetUtcNow()) 0 Int64.MaxValue entries
              |> Expect.equal "all, in order" [ key 3, 0; key 5, 1; key 2, 2; key 4, 2; key 1, 3 ]

              chosen (clock.GetUtcNow()) 2 Int64.MaxValue entries
              |> Expect.equal "as many as needed" [ key 3, 0; key 5, 1; key 2, 2 ]

          testCase "expired ones leave even where there is room"
          <| fun () ->
              let clock = clock ()
              let entry = MemoryEntry(key 1, record clock None 1., clock.GetUtcNow())
              clock.Advance(TimeSpan.FromMinutes 1.)
              chosen (clock.GetUtcNow()) 10 Int64.MaxValue [ entry ]
              |> Expect.equal "the expired one" [ key 1, 0 ]

          testCase "promise 26: so many leave that the rest fits, by bytes too"
          <| fun () ->
              let clock = clock ()
              let record = record clock None 90.
              let entries = [ for n in 1..10 -> MemoryEntry(key n, record, clock.GetUtcNow()) ]
              let size = MemoryEntry.Size record

              chosen (clock.GetUtcNow()) 10 (4L * size) entries |> List.length |> Expect.equal "six of ten" 6

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

          testCase "promise 26: what is evicted is counted, owned ones apart, and those are warned of"
          <| fun () ->
              let clock = clock ()
              let warnings = List<LogLevel>()

              let log =
                  { new ILogger with
                      member _.BeginScope _ = null
                      member _.IsEnabled _ = true
                      member _.Log(level, _, _, _, _) = warnings.Add level }

              let store = MemoryStore(clock, log, 20, Int64.MaxValue)

              counted "runa.session.evicted" (fun () ->
                  for n in 1..21 do
                      store.Create(key n, record clock None 90.) |> ignore)
              |> Expect.equal "two strangers" [ false, 2L ]

              warnings |> Seq.toList |> Expect.equal "no warning for strangers" []

              let owned =
                  counted "runa.session.evicted" (fun () ->
                      for n in 101..160 do
                          store.Create(key n, record clock (Some "alice") 90.) |> ignore)
                  |> List.filter fst
                  |> List.sumBy snd

              int owned |> Expect.equal "those of alice that are not there" (60 - store.Count)
              warnings |> Seq.distinct |> Seq.toList |> Expect.equal "warned" [ LogLevel.Warning ] ]
