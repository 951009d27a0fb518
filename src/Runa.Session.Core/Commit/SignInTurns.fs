namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks

/// What sign-ins of one definition need to know of each other in this process, if the number of an owner's sessions is
/// limited.
[<Sealed>]
type internal SignInTurns() =
    // A sign-in may wait for its turn. If the clock was set back by more than this, it counts from there again.
    static let farthest = TimeSpan.FromMinutes 1.
    static let mostLost = 10_000

    let turns = KeyedLocks<string>()
    let lost = ConcurrentDictionary<StoreKey, bool>()
    let mutable last = Int64.MinValue / 2L

    /// Runs the work while no other work runs for this owner. The token ends the wait.
    member _.Run(owner: string, token: CancellationToken, work: unit -> Task<'T>) : Task<'T> =
        turns.Run(owner, token, work)

    /// The time to store for a sign-in: at least `at`, and later than those of all sign-ins before it in this process. So
    /// the one that comes last counts as the newest, even within one tick of the clock, or if its request began earlier.
    member this.Stamp(at: DateTimeOffset) : DateTimeOffset =
        let before = Volatile.Read &last

        let ticks =
            if before >= at.UtcTicks && before - at.UtcTicks < farthest.Ticks then
                before + 1L
            else
                at.UtcTicks

        if Interlocked.CompareExchange(&last, ticks, before) = before then
            DateTimeOffset(ticks, TimeSpan.Zero)
        else
            this.Stamp at

    /// Remembers a record of a refused or failed sign-in that could not be deleted. Nobody has its token.
    member _.Lose(key: StoreKey) : unit =
        if lost.Count < mostLost then
            lost[key] <- true

    member _.IsLost(key: StoreKey) : bool = not lost.IsEmpty && lost.ContainsKey key

    /// It was deleted after all.
    member _.Found(key: StoreKey) : unit = lost.TryRemove key |> ignore
