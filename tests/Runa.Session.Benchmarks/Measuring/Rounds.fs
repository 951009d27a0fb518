namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.Runtime
open System.Threading
open System.Threading.Tasks

/// One request of a kind, and what is made anew before each round of it, unmeasured.
[<NoComparison; NoEquality>]
type Case = { Name: string; Prepare: unit -> unit; Request: unit -> Task }

module Case =
    let make (name: string) (request: unit -> Task) : Case = { Name = name; Prepare = ignore; Request = request }

/// What a request of one case takes: the medians of its rounds.
type Measured = { Nanoseconds: float; Bytes: float }

module Measured =
    let medians (measured: Measured seq) : Measured =
        { Nanoseconds = measured |> Seq.map _.Nanoseconds |> Median.of'
          Bytes = measured |> Seq.map _.Bytes |> Median.of' }

/// Measures cases in turn, in many short rounds, so that a busy machine disturbs all of them alike.
module Rounds =
    let private batch (count: int) (case: Case) : Measured =
        case.Prepare()
        let bytes = GC.GetAllocatedBytesForCurrentThread()
        let start = Stopwatch.GetTimestamp()

        for _ in 1..count do
            (case.Request()).GetAwaiter().GetResult()

        let taken = Stopwatch.GetElapsedTime(start).TotalNanoseconds
        let bytes = GC.GetAllocatedBytesForCurrentThread() - bytes
        { Nanoseconds = taken / float count; Bytes = float bytes / float count }

    /// Runs all cases, with pauses in which the compiler makes the code that is measured, until it makes no more. A busy
    /// machine may need a while. A few methods are made in each round, by cases that make an application anew.
    let rec private warmUp (pass: int) (cases: Case list) =
        let before = JitInfo.GetCompiledMethodCount false

        for case in cases do
            batch 2_000 case |> ignore

        Thread.Sleep 300

        if pass < 6 || (pass < 20 && JitInfo.GetCompiledMethodCount false - before > 20L) then
            warmUp (pass + 1) cases

    /// How many requests take about a millisecond. That is short enough for a busy machine to leave most rounds alone, and
    /// the same for all cases, so that none is disturbed more often.
    let private countOf (case: Case) : int =
        let least = List.min [ for _ in 1..3 -> (batch 50 case).Nanoseconds ]
        int (1e6 / least) |> max 20 |> min 4_000

    /// The medians of each case, by its name.
    let measure (rounds: int) (cases: Case list) : Map<string, Measured> =
        warmUp 1 cases
        let counted = [ for case in cases -> case, countOf case ]

        let results =
            [ for _ in 1..rounds do
                  for case, count in counted do
                      case.Name, batch count case ]

        results
        |> List.groupBy fst
        |> List.map (fun (name, rounds) -> name, Measured.medians (List.map snd rounds))
        |> Map.ofList
