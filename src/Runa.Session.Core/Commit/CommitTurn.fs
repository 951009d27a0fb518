namespace Runa.Session

open System.Threading
open System.Threading.Tasks

/// A request's place in the commit queue of its session: none at first, then its turn, until it is given up.
[<Sealed>]
type internal CommitTurn(definition: SessionDefinition, key: StoreKey, token: CancellationToken) =
    let mutable isTaken = false
    let mutable stored: SessionRecord voption = ValueNone

    /// Raises SessionConflictException.
    static member Refuse(definition: SessionDefinition, why: string) : 'T =
        raise (SessionConflictException $"The session \"{definition.Name}\" could not be saved: {why}.")

    /// Other requests of this process are at the session, or wait for it.
    member _.IsBusy = definition.Queues.IsBusy key

    /// Waits for the turn, unless it is taken; the record that the request before stored, if it is known. Raises
    /// SessionConflictException where too many wait, or for too long.
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

    /// What stands now; where it stands under the key, the one whose turn is next starts from it.
    member _.Store(now: Snapshot) =
        if now.Place.Key = key then
            stored <- now.Record

    /// Gives the turn up, if it was taken.
    member _.Leave() =
        if isTaken then
            definition.Queues.Leave(key, stored)
