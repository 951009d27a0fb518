/// Runs tasks one step at a time, in every order: a step is a call to the store.
module internal Runa.Session.Tests.Scheduler

open System
open System.Collections.Generic
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Runa.Session
open Runa.Session.TestSupport

/// Picks one of so many options.
type Choose = int -> int

/// Runs `once` for every sequence of choices that it can be given, depth first; answers how many there were.
let explore (once: Choose -> unit) : int =
    // What was chosen of how many, newest first.
    let rec advance (path: (int * int) list) =
        match path with
        | (chosen, options) :: before when chosen + 1 < options -> Some(List.rev ((chosen + 1, options) :: before))
        | _ :: before -> advance before
        | [] -> None

    let rec go prefix runs =
        let mutable left = prefix
        let mutable path = []

        once (fun options ->
            let chosen =
                match left with
                | (chosen, _) :: rest ->
                    left <- rest
                    chosen
                | [] -> 0

            path <- (chosen, options) :: path
            chosen)

        match advance path with
        | Some next -> go next (runs + 1)
        | None -> runs + 1

    go [] 0

/// A store call of an actor that waits for permission.
[<NoComparison; NoEquality>]
type private Waiting = { Operation: StoreOperation; Go: TaskCompletionSource<Behaviour> }

/// Which actor of its scheduler the code runs for. One for all schedulers: each further one would stay in the execution context
/// of the test, and make every change of it slower.
let private actor = AsyncLocal<int>()

/// Actors are numbered from 1; what nobody runs as an actor passes at once. `behind` counts the actors that wait for another
/// one instead of the store.
type Scheduler(behind: unit -> int) =
    let waiting = SortedDictionary<int, Waiting>()
    let mutable trace: (int * StoreOperation) list = []

    let proceed (operation: StoreOperation) (go: Task<Behaviour>) (call: unit -> ValueTask<'T>) : ValueTask<'T> =
        ValueTask<'T>(
            task {
                match! go with
                | Behaviour.FailBefore -> return raise (StoreDown operation)
                | Behaviour.FailAfter ->
                    let! _ = call ()
                    return raise (StoreDown operation)
                | _ -> return! call ()
            }
        )

    let wait operation call =
        let go = TaskCompletionSource<Behaviour>()

        lock waiting (fun () ->
            waiting.Add(actor.Value, { Operation = operation; Go = go })
            Monitor.PulseAll waiting)

        proceed operation go.Task call

    /// For which actor the code runs; 0: for none.
    member _.Actor = actor.Value

    /// Steps so far: which actor did what.
    member _.Trace = List.rev trace

    member _.Driver(inner: SessionDriver) =
        inner
        |> DriverAround.wrap
            { new IAround with
                member _.Call operation _ call = if actor.Value = 0 then call () else wait operation call }

    /// Until all actors have finished. `behave` is asked at each step, with its number from 0.
    member _.Run(actors: (unit -> Task) list, choose: Choose, behave: int -> Behaviour) : unit =
        let tasks =
            actors
            |> List.mapi (fun index start ->
                actor.Value <- index + 1
                let running = start ()
                actor.Value <- 0
                running)

        let unfinished () = tasks |> List.sumBy (fun running -> if running.IsCompleted then 0 else 1)
        let mutable step = 0

        while unfinished () > 0 do
            let next =
                lock waiting (fun () ->
                    // Whoever left the commit queue comes on another thread. The choices must not depend on how fast, so all
                    // who can come are waited for.
                    let patience = Stopwatch.StartNew()

                    while waiting.Count < unfinished () - behind () do
                        if patience.Elapsed > TimeSpan.FromSeconds 10. then
                            failwith $"nobody moves after {List.rev trace}"

                        Monitor.Wait(waiting, TimeSpan.FromMilliseconds 1.) |> ignore

                    if waiting.Count = 0 then
                        ValueNone
                    else
                        let enabled = List.ofSeq waiting.Keys
                        let chosen = enabled[choose enabled.Length]
                        let taken = waiting[chosen]
                        waiting.Remove chosen |> ignore
                        trace <- (chosen, taken.Operation) :: trace
                        ValueSome taken)

            match next with
            | ValueSome taken ->
                taken.Go.SetResult(behave step)
                step <- step + 1
            | ValueNone -> ()

        for running in tasks do
            running.GetAwaiter().GetResult()
