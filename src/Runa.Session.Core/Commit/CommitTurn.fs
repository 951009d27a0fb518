namespace Runa.Session

open System.Threading
open System.Threading.Tasks

/// A request's turn in the commit queue of its session. It has none until it calls Take, and gives it up by Leave.
[<Sealed>]
type internal CommitTurn(definition: SessionDefinition, key: StoreKey, token: CancellationToken) =
    let mutable isTaken = false
    let mutable stored: SessionRecord voption = ValueNone

    /// Raises SessionConflictException: the session could not be saved, and why.
    static member Refuse(definition: SessionDefinition, why: string) : 'T =
        definition.Events.ConflictGivenUp()
        raise (SessionConflictException $"The session \"{definition.Name}\" could not be saved: {why}.")

    /// Waits for the turn, unless the request has it already. Returns the record that the previous request stored, if
    /// known. Raises SessionConflictException if too many requests wait, or if the wait takes too long.
    member _.Take() : Task<SessionRecord voption> =
        if isTaken then
            Task.FromResult ValueNone
        else
            task {
                match! definition.Queues.Enter(key, Attempt.longest, token) with
                | Turn.Entered latest ->
                    isTaken <- true
                    return latest
                | Turn.Full ->
                    return
                        CommitTurn.Refuse(
                            definition,
                            $"more than {CommitQueues.Longest} requests are waiting to change it"
                        )
                | Turn.TooLate -> return CommitTurn.Refuse(definition, $"it was busy for {Attempt.longest}")
            }

    /// Keeps the session as it is now for the next request, which starts from it. A session that moved to another key
    /// is not kept.
    member _.Store(now: Snapshot) =
        if now.Place.Key = key then
            stored <- now.Record

    /// Gives up the turn, if the request has it.
    member _.Leave() =
        if isTaken then
            isTaken <- false
            definition.Queues.Leave(key, stored)
