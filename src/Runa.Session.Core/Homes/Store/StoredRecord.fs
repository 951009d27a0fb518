namespace Runa.Session

open System
open System.IO
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// What a store key holds.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type private Opened =
    | Nothing
    | Record of SessionRecord
    /// A record that cannot be read.
    | Unreadable

/// Reads and writes the records of a definition. It seals and opens what is encrypted at rest, recognizes what cannot
/// be read, and finds out whether a failed write was stored after all.
module internal StoredRecord =
    let private reportUnreadable (definition: SessionDefinition) (e: exn) : unit =
        match e.InnerException with
        | null -> Unreadable.report definition e.Message e
        | cause -> Unreadable.report definition cause.Message cause

    let private unopened =
        "it does not open, because it was sealed under another token or secret, or was changed in the store."

    /// Opens a record. One that was stored before `sealed` was turned on counts as gone: otherwise anybody who can
    /// write to the store could put in anything. A record that does not open is not read in any other way (promise 6).
    let private opened (definition: SessionDefinition) (place: Place) (record: SessionRecord) : Opened =
        match record.Kind with
        | RecordKind.Sealed _ ->
            try
                match SealedRecord.tryOpen definition.Token place record with
                | Some record -> Opened.Record record
                | None ->
                    Unreadable.report definition unopened null
                    Opened.Unreadable
            with :? InvalidDataException as e ->
                Unreadable.report definition e.Message e
                Opened.Unreadable
        | RecordKind.Live when definition.Settings.Sealed ->
            Log.unsealed definition.Log definition.Name
            Opened.Nothing
        | RecordKind.Live
        | RecordKind.Moved _ -> Opened.Record record

    let sealedFor (definition: SessionDefinition) place (record: SessionRecord) =
        if definition.Settings.Sealed then
            SealedRecord.seal definition.Token place record
        else
            record

    let private openedIfAny definition place (found: SessionRecord voption) : Opened =
        match found with
        | ValueSome record -> opened definition place record
        | ValueNone -> Opened.Nothing

    /// The stored record, without opening its content. If it cannot be read, raises an exception for which
    /// DriverCall.isUnreadable is true.
    let peek (definition: SessionDefinition) (key: StoreKey) : Task<SessionRecord voption> =
        (DriverCall.run definition "load" false (definition.Driver.Load key)).AsTask()

    let snapshot definition place (found: SessionRecord voption) : Snapshot =
        match openedIfAny definition place found with
        | Opened.Record record -> Snapshot.ofRecord definition place record
        | Opened.Nothing -> Snapshot.gone definition place
        | Opened.Unreadable -> Snapshot.unreadable definition place

    let unread definition place (e: exn) : Snapshot =
        if not (DriverCall.isUnreadable e) then
            ExceptionDispatchInfo.Throw e

        reportUnreadable definition e
        Snapshot.unreadable definition place

    let loading definition place (found: ValueTask<SessionRecord voption>) : Task<Snapshot> =
        task {
            try
                let! found = found
                return snapshot definition place found
            with e when DriverCall.isUnreadable e ->
                return unread definition place e
        }

    /// Loads a record, and goes on with what was found. Inlined, so that a load makes no closure, and is one task.
    let inline loadThen
        (definition: SessionDefinition)
        (place: Place)
        ([<InlineIfLambda>] next: Snapshot -> ValueTask<Snapshot>)
        : ValueTask<Snapshot> =
        if definition.Driver.Place.IsProcess then
            let found = DriverCall.ask definition "load" false (fun token -> definition.Driver.Load place.Key token)

            if found.IsCompletedSuccessfully then
                next (snapshot definition place found.Result)
            else
                ValueTask<Snapshot>(loading definition place found) |> ValueTasks.bind next
        else
            DriverCall.bind
                definition
                "load"
                false
                (fun token -> definition.Driver.Load place.Key token)
                (fun found -> next (snapshot definition place found))
                (fun e -> next (unread definition place e))

    let load (definition: SessionDefinition) (place: Place) : ValueTask<Snapshot> =
        loadThen definition place (fun found -> ValueTask<Snapshot> found)

    /// Whether a write that failed was stored after all: the store holds its version (promise 12). False means not
    /// stored, replaced since, or unknown; then the failure is reported.
    let private stands (definition: SessionDefinition) (key: StoreKey) (version: RecordVersion) : Task<bool> =
        task {
            try
                match! DriverCall.run definition "load" false (definition.Driver.Load key) with
                | ValueSome found -> return found.Version = version
                | ValueNone -> return false
            with :? SessionStoreException ->
                return false
        }

    let private settled definition key (record: SessionRecord) (answer: ValueTask<'T>) (applied: 'T) : Task<'T> =
        task {
            try
                return! answer
            // If the store refused the write or could not read the record, nothing was written.
            with :? SessionStoreException as e when e.MayHaveBeenSaved && not (DriverCall.isUnreadable e) ->
                let! isApplied = stands definition key record.Version

                if not isApplied then
                    ExceptionDispatchInfo.Throw e

                return applied
        }

    let create (definition: SessionDefinition) (place: Place) (record: SessionRecord) : ValueTask<bool> =
        let stored = sealedFor definition place record
        let answer = DriverCall.run definition "create" true (definition.Driver.Create place.Key stored)

        if answer.IsCompletedSuccessfully then
            answer
        else
            ValueTask<bool>(settled definition place.Key record answer true)

    let openedResult definition place (result: ReplaceResult) : Outcome voption =
        match result with
        | ReplaceResult.Replaced -> ValueNone
        | ReplaceResult.Missing -> ValueSome Outcome.Missing
        | ReplaceResult.Conflict current ->
            match opened definition place current with
            | Opened.Record current -> ValueSome(Outcome.Conflict current)
            | Opened.Nothing -> ValueSome Outcome.Missing
            | Opened.Unreadable -> ValueSome Outcome.Unreadable

    let replacing definition (place: Place) record (answer: ValueTask<ReplaceResult>) : Task<Outcome voption> =
        task {
            try
                let! result = settled definition place.Key record answer ReplaceResult.Replaced
                return openedResult definition place result
            with e when DriverCall.isUnreadable e ->
                reportUnreadable definition e
                return ValueSome Outcome.Unreadable
        }

    /// Replaces the record of that version, and goes on with the reason why that failed; ValueNone: it was replaced.
    /// Inlined, so that all of this is one task.
    let inline replaceThen
        (definition: SessionDefinition)
        (place: Place)
        (version: RecordVersion)
        (record: SessionRecord)
        ([<InlineIfLambda>] next: Outcome voption -> 'R)
        : ValueTask<'R> =
        let stored = sealedFor definition place record

        if definition.Driver.Place.IsProcess then
            let answer =
                DriverCall.ask definition "replace" true (fun token ->
                    definition.Driver.Replace place.Key version stored token)

            if answer.IsCompletedSuccessfully then
                ValueTask<'R>(next (openedResult definition place answer.Result))
            else
                ValueTask<Outcome voption>(replacing definition place record answer)
                |> ValueTasks.map (fun refusal -> next refusal)
        else
            DriverCall.bind
                definition
                "replace"
                true
                (fun token -> definition.Driver.Replace place.Key version stored token)
                (fun result -> ValueTask<'R>(next (openedResult definition place result)))
                (fun e ->
                    let failed = ValueTask<ReplaceResult>(Task.FromException<ReplaceResult> e)

                    ValueTask<Outcome voption>(replacing definition place record failed)
                    |> ValueTasks.map (fun refusal -> next refusal))

    /// Replaces the record of that version. Returns why that failed; ValueNone: it was replaced.
    let replace definition place version record : ValueTask<Outcome voption> =
        replaceThen definition place version record id

    let touch (definition: SessionDefinition) (key: StoreKey) (idleExpiresAt: DateTimeOffset) =
        DriverCall.run definition "touch" true (definition.Driver.Touch key idleExpiresAt)

    /// Deletes a record and returns it. ValueNone: there was none, or it could not be read; in both cases it is gone.
    let delete (definition: SessionDefinition) (key: StoreKey) : ValueTask<SessionRecord voption> =
        let answer = DriverCall.run definition "delete" true (definition.Driver.Delete key)

        if answer.IsCompletedSuccessfully then
            answer
        else
            ValueTask<SessionRecord voption>(
                task {
                    try
                        return! answer
                    with e when DriverCall.isUnreadable e ->
                        Unreadable.reportDeleted definition
                        return ValueNone
                }
            )

    let deleteMany (definition: SessionDefinition) (keys: StoreKey list) : ValueTask<DeletedRecord list> =
        DriverCall.run definition "delete many" true (definition.Driver.DeleteMany keys)
