namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// Calls a driver with a time limit of its own, whatever the client does (promise 15), and turns what it throws into
/// SessionStoreException (promise 14).
module internal StoreCall =
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
        | e ->
            SessionStoreException(
                $"The driver \"{session.Driver.Name}\" of the session \"{session.Name}\" failed ({operation}): {e.GetType().Name}. The cause is the inner exception.",
                isWrite,
                e
            )

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
                raise (failed session operation isWrite e)

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

    let load (session: NamedSession) (key: StoreKey) : ValueTask<SessionRecord voption> =
        if session.Driver.InProcess then
            ask session "load" false (fun token -> session.Driver.Load key token)
        else
            run session "load" false (session.Driver.Load key)

    let create (session: NamedSession) (key: StoreKey) (record: SessionRecord) =
        run session "create" true (session.Driver.Create key record)

    let replace (session: NamedSession) (key: StoreKey) (version: RecordVersion) (record: SessionRecord) =
        run session "replace" true (session.Driver.Replace key version record)

    let touch (session: NamedSession) (key: StoreKey) (idleEnd: DateTimeOffset) =
        run session "touch" true (session.Driver.Touch key idleEnd)

    let delete (session: NamedSession) (key: StoreKey) = run session "delete" true (session.Driver.Delete key)
