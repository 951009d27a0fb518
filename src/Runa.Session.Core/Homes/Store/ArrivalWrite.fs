namespace Runa.Session

open System.Threading.Tasks
open Microsoft.Extensions.Logging

/// What became of what a request owed the store.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal ArrivalWritten =
    | Stored of stored: Snapshot
    /// Another request was first: the session as it is now, or gone. It is to be judged again.
    | Overtaken of now: Snapshot
    /// The store failed.
    | Failed

/// Writes what a request owes the store because of how it came: a rotation, or a binding that comes into force.
module internal ArrivalWrite =
    /// How often a request tries before it goes on without; a theft then ends the session in any case.
    let most = 8

    /// The request came for something else: if the store fails, that is logged, and it goes on with what it has read.
    let run
        (definition: SessionDefinition)
        (failed: ILogger -> string -> exn -> unit)
        (snapshot: Snapshot)
        (record: SessionRecord)
        (state: SessionState)
        : Task<ArrivalWritten> =
        task {
            let place = snapshot.Place
            let next = { record with Version = RecordVersion.Next(); State = state }
            let overtaken (now: Snapshot) = ArrivalWritten.Overtaken(now.LookedAt snapshot.Since)

            try
                match! StoredRecord.replace definition place record.Version next with
                | ValueNone -> return ArrivalWritten.Stored(Snapshot.written definition place next snapshot.Since)
                | ValueSome(Outcome.Conflict current) -> return overtaken (Snapshot.ofRecord definition place current)
                | ValueSome _ -> return overtaken (Snapshot.gone definition place)
            with :? SessionStoreException as e ->
                failed definition.Log definition.Name e
                return ArrivalWritten.Failed
        }
