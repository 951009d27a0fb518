namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.Threading.Tasks

/// What one case takes: the medians of its rounds.
type Measured = { Nanoseconds: float; Bytes: float }

/// Measures cases in turn, in many short rounds, so that a busy machine disturbs all of them alike.
module Rounds =
    let median (values: float list) : float =
        let sorted = List.sort values
        let middle = sorted.Length / 2

        if sorted.Length % 2 = 1 then
            sorted[middle]
        else
            (sorted[middle - 1] + sorted[middle]) / 2.

    let private batch (count: int) (request: unit -> Task) : struct (float * float) =
        let bytes = GC.GetAllocatedBytesForCurrentThread()
        let start = Stopwatch.GetTimestamp()

        for _ in 1..count do
            (request ()).GetAwaiter().GetResult()

        let taken = Stopwatch.GetElapsedTime(start).TotalNanoseconds
        let bytes = GC.GetAllocatedBytesForCurrentThread() - bytes
        struct (taken / float count, float bytes / float count)

    /// The medians of each case, in their order.
    let measure (rounds: int) (count: int) (cases: (string * (unit -> Task)) list) : Map<string, Measured> =
        // With pauses, in which the compiler makes the code that is measured.
        for _ in 1..6 do
            for _, request in cases do
                batch count request |> ignore

            Threading.Thread.Sleep 300

        let results =
            [ for _ in 1..rounds do
                  for name, request in cases do
                      name, batch count request ]

        results
        |> List.groupBy fst
        |> List.map (fun (name, rounds) ->
            let times = rounds |> List.map (fun (_, struct (time, _)) -> time)
            let bytes = rounds |> List.map (fun (_, struct (_, bytes)) -> bytes)
            name, { Nanoseconds = median times; Bytes = median bytes })
        |> Map.ofList
