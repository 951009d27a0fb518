namespace Runa.Session

open System
open System.IO
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// Calls a driver with a time limit of its own, whatever the client does (promise 15), and turns what it throws into
/// SessionStoreException (promise 14). Seals what is to be encrypted at rest, and opens it.
module internal StoreCall =
    /// A driver that cannot even tell says nothing for certain.
    let private isRefusal (session: NamedSession) (e: exn) : bool =
        try
            session.Driver.IsRefusal e
        with _ ->
            false

    /// Whether the store refused it for certain: it is full, or read-only.
    let isRefused (session: NamedSession) (e: SessionStoreException) : bool =
        match e.InnerException with
        | null -> false
        | cause -> not e.MayHaveBeenSaved && isRefusal session cause

    let private failed (session: NamedSession) (operation: string) isWrite (e: exn) : exn =
        match e with
        | :? TimeoutException
        | :? OperationCanceledException ->
            SessionStoreException(
                $"The driver \"{session.Driver.Name}\" of the session \"{session.Name}\" did not answer within {session.StoreTimeout} ({operation}).",
                isWrite,
                e
            )
        | :? SessionStoreException -> e
        | e when isWrite && isRefusal session e ->
            SessionStoreException(
                $"The driver \"{session.Driver.Name}\" of the session \"{session.Name}\" refused ({operation}): {e.GetType().Name}. Nothing was written. The cause is the inner exception.",
                false,
                e
            )
        | e ->
            SessionStoreException(
                $"The driver \"{session.Driver.Name}\" of the session \"{session.Name}\" failed ({operation}): {e.GetType().Name}. The cause is the inner exception.",
                isWrite,
                e
            )

    /// The driver says that what stands there cannot be read.
    let isUnreadable (e: exn) : bool =
        match e with
        | :? SessionStoreException as e -> e.InnerException :? InvalidDataException
        | _ -> false

    /// A driver that ignores its cancellation is left behind a little later.
    let private grace = TimeSpan.FromMilliseconds 250.

    let private answered (session: NamedSession) operation isWrite (answer: ValueTask<'T>) : Task<'T> =
        task {
            try
                if answer.IsCompleted then
                    return! answer
                else
                    return! answer.AsTask().WaitAsync(session.StoreTimeout + grace)
            with e ->
                return raise (failed session operation isWrite e)
        }

    let private limited
        (session: NamedSession)
        operation
        isWrite
        (call: CancellationToken -> ValueTask<'T>)
        : Task<'T> =
        task {
            use limit = new CancellationTokenSource(session.StoreTimeout)

            let answer =
                try
                    call limit.Token
                with e ->
                    raise (failed session operation isWrite e)

            return! answered session operation isWrite answer
        }

    /// Asks a driver that answers at once. Inlined, so that a load, the way of every request, makes no closure.
    let inline private ask
        (session: NamedSession)
        operation
        isWrite
        ([<InlineIfLambda>] call: CancellationToken -> ValueTask<'T>)
        : ValueTask<'T> =
        let answer =
            try
                call CancellationToken.None
            with e ->
                ValueTask<'T>(Task.FromException<'T> e)

        if answer.IsCompletedSuccessfully then
            answer
        else
            ValueTask<'T>(answered session operation isWrite answer)

    /// The real clock limits the call, not the application's: it guards against what hangs, not against what is late in
    /// a session's life.
    let run
        (session: NamedSession)
        (operation: string)
        (isWrite: bool)
        (call: CancellationToken -> ValueTask<'T>)
        : ValueTask<'T> =
        if session.Driver.InProcess then
            ask session operation isWrite (fun token -> call token)
        else
            ValueTask<'T>(limited session operation isWrite call)

    /// For what takes as long as there are sessions: only the caller limits it.
    let runLong
        (session: NamedSession)
        (operation: string)
        (token: CancellationToken)
        (call: CancellationToken -> ValueTask<'T>)
        : Task<'T> =
        task {
            try
                return! call token
            with e ->
                token.ThrowIfCancellationRequested()
                return raise (failed session operation true e)
        }

    let private reportUnreadable (session: NamedSession) (e: exn) : unit =
        match e.InnerException with
        | null -> Unreadable.report session e.Message e
        | cause -> Unreadable.report session cause.Message cause

    let private unopened =
        "it does not open, as it was sealed under another token or secret, or was changed in the store."

    /// What was stored before the session was to be sealed counts as gone: taken as it is, whoever can write the store
    /// could put in what they like. What does not open is never taken for anything else (promise 6).
    let private opened (session: NamedSession) (place: StorePlace) (record: SessionRecord) : Found =
        match record.Kind with
        | RecordKind.Sealed _ ->
            try
                match SealedRecord.tryOpen session.Token place record with
                | Some record -> Found.Record record
                | None ->
                    Unreadable.report session unopened null
                    Found.Unreadable
            with :? InvalidDataException as e ->
                Unreadable.report session e.Message e
                Found.Unreadable
        | RecordKind.Live when session.Settings.Sealed ->
            Log.unsealed session.Log session.Name
            Found.Nothing
        | RecordKind.Live
        | RecordKind.Moved _ -> Found.Record record

    let private sealedFor (session: NamedSession) place (record: SessionRecord) =
        if session.Settings.Sealed then
            SealedRecord.seal session.Token place record
        else
            record

    let private openedIfAny session place (found: SessionRecord voption) : Found =
        match found with
        | ValueSome record -> opened session place record
        | ValueNone -> Found.Nothing

    let private loading session place (found: ValueTask<SessionRecord voption>) : Task<Found> =
        let reading =
            task {
                try
                    let! found = found
                    return ValueSome found
                with e when isUnreadable e ->
                    reportUnreadable session e
                    return ValueNone
            }

        task {
            match! reading with
            | ValueSome found -> return openedIfAny session place found
            | ValueNone -> return Found.Unreadable
        }

    /// What stands there, whether or not its content opens. What cannot be read raises: see isUnreadable.
    let peek (session: NamedSession) (key: StoreKey) : Task<SessionRecord voption> =
        (run session "load" false (session.Driver.Load key)).AsTask()

    let load (session: NamedSession) (place: StorePlace) : ValueTask<Found> =
        let found =
            if session.Driver.InProcess then
                ask session "load" false (fun token -> session.Driver.Load place.Key token)
            else
                run session "load" false (session.Driver.Load place.Key)

        if found.IsCompletedSuccessfully then
            ValueTask<Found>(openedIfAny session place found.Result)
        else
            ValueTask<Found>(loading session place found)

    /// Whether a write that failed stands all the same: its version is what is found (promise 12). Not applied, or
    /// replaced since: then nobody can tell, and the failure is all there is to say.
    let private stands (session: NamedSession) (key: StoreKey) (version: RecordVersion) : Task<bool> =
        task {
            try
                match! run session "load" false (session.Driver.Load key) with
                | ValueSome found -> return found.Version = version
                | ValueNone -> return false
            with :? SessionStoreException ->
                return false
        }

    let private settled session key (record: SessionRecord) (answer: ValueTask<'T>) (applied: 'T) : Task<'T> =
        task {
            try
                return! answer
            // Where the store refused it, or could not read what stands there, nothing was written.
            with :? SessionStoreException as e when e.MayHaveBeenSaved && not (isUnreadable e) ->
                let! isApplied = stands session key record.Version

                if not isApplied then
                    ExceptionDispatchInfo.Throw e

                return applied
        }

    let create (session: NamedSession) (place: StorePlace) (record: SessionRecord) : ValueTask<bool> =
        let stored = sealedFor session place record
        let answer = run session "create" true (session.Driver.Create place.Key stored)

        if answer.IsCompletedSuccessfully then
            answer
        else
            ValueTask<bool>(settled session place.Key record answer true)

    let private openedResult session place (result: ReplaceResult) : Replacing =
        match result with
        | ReplaceResult.Replaced -> Replacing.Replaced
        | ReplaceResult.Missing -> Replacing.Missing
        | ReplaceResult.Conflict current ->
            match opened session place current with
            | Found.Record current -> Replacing.Conflict current
            | Found.Nothing -> Replacing.Missing
            | Found.Unreadable -> Replacing.Unreadable

    let private replacing session (place: StorePlace) record (answer: ValueTask<ReplaceResult>) : Task<Replacing> =
        task {
            try
                let! result = settled session place.Key record answer ReplaceResult.Replaced
                return openedResult session place result
            with e when isUnreadable e ->
                reportUnreadable session e
                return Replacing.Unreadable
        }

    let replace
        (session: NamedSession)
        (place: StorePlace)
        (version: RecordVersion)
        (record: SessionRecord)
        : ValueTask<Replacing> =
        let stored = sealedFor session place record
        let answer = run session "replace" true (session.Driver.Replace place.Key version stored)

        if answer.IsCompletedSuccessfully then
            ValueTask<Replacing>(openedResult session place answer.Result)
        else
            ValueTask<Replacing>(replacing session place record answer)

    let touch (session: NamedSession) (key: StoreKey) (idleEnd: DateTimeOffset) =
        run session "touch" true (session.Driver.Touch key idleEnd)

    /// What it removed. Of a record that cannot be read there is nothing more to say: it is gone by then.
    let delete (session: NamedSession) (key: StoreKey) : ValueTask<SessionRecord voption> =
        let answer = run session "delete" true (session.Driver.Delete key)

        if answer.IsCompletedSuccessfully then
            answer
        else
            ValueTask<SessionRecord voption>(
                task {
                    try
                        return! answer
                    with e when isUnreadable e ->
                        Unreadable.reportDeleted session
                        return ValueNone
                }
            )

    let deleteMany (session: NamedSession) (keys: StoreKey list) : ValueTask<DeletedRecord list> =
        run session "delete many" true (session.Driver.DeleteMany keys)
