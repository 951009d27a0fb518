namespace Runa.Session

open System.Threading.Tasks
open Microsoft.Extensions.Logging

/// Writes what a request owes the store because of how it came: a rotation, or a binding that comes into force.
module internal ArrivalWrite =
    /// How often a request tries before it goes on without; a theft then ends the session in any case.
    let most = 8

    /// The request came for something else: if the store fails, that is logged, and it goes on with what it has read. Error:
    /// the reason why the record was not replaced; ValueNone: the store failed.
    let run
        (definition: SessionDefinition)
        (failed: ILogger -> string -> exn -> unit)
        (snapshot: Snapshot)
        (record: SessionRecord)
        (state: SessionState)
        : Task<Result<Snapshot, Outcome voption>> =
        task {
            let next = { record with Version = RecordVersion.Next(); State = state }

            try
                match! StoredRecord.replace definition snapshot.Place record.Version next with
                | ValueNone -> return Ok(Snapshot.written definition snapshot.Place next snapshot.Since)
                | ValueSome refusal -> return Error(ValueSome refusal)
            with :? SessionStoreException as e ->
                failed definition.Log definition.Name e
                return Error ValueNone
        }
