namespace Runa.Session

open System
open System.IO
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// Calls a driver with a time limit that does not depend on the client (promise 15), and turns its exceptions into
/// SessionStoreException (promise 14).
module internal DriverCall =
    /// Whether the driver says that nothing was written. A driver that raises when asked does not say so.
    let private isRefusal (definition: SessionDefinition) (e: exn) : bool =
        try
            definition.Driver.IsRefusal e
        with _ ->
            false

    /// Whether the store certainly refused the write, as when it is full or read-only.
    let isRefused (definition: SessionDefinition) (e: SessionStoreException) : bool =
        match e.InnerException with
        | null -> false
        | cause -> not e.MayHaveBeenSaved && isRefusal definition cause

    let private failed (definition: SessionDefinition) (operation: string) isWrite (e: exn) : exn =
        match e with
        | :? TimeoutException
        | :? OperationCanceledException ->
            SessionStoreException(
                $"The driver \"{definition.Driver.Name}\" of the session \"{definition.Name}\" did not answer within {definition.StoreTimeout} ({operation}).",
                isWrite,
                e
            )
        | :? SessionStoreException -> e
        | e when isWrite && isRefusal definition e ->
            SessionStoreException(
                $"The driver \"{definition.Driver.Name}\" of the session \"{definition.Name}\" refused ({operation}): {e.GetType().Name}. Nothing was written. The cause is the inner exception.",
                false,
                e
            )
        | e ->
            SessionStoreException(
                $"The driver \"{definition.Driver.Name}\" of the session \"{definition.Name}\" failed ({operation}): {e.GetType().Name}. The cause is the inner exception.",
                isWrite,
                e
            )

    /// Whether the driver says that the stored record cannot be read.
    let isUnreadable (e: exn) : bool =
        match e with
        | :? SessionStoreException as e -> e.InnerException :? InvalidDataException
        | _ -> false

    /// How long after the timeout to wait for a driver that ignores cancellation.
    let private grace = TimeSpan.FromMilliseconds 250.

    let answered (definition: SessionDefinition) operation isWrite (answer: ValueTask<'T>) : Task<'T> =
        task {
            try
                if answer.IsCompleted then
                    return! answer
                else
                    return! answer.AsTask().WaitAsync(definition.StoreTimeout + grace)
            with e ->
                return raise (failed definition operation isWrite e)
        }

    let private limited
        (definition: SessionDefinition)
        operation
        isWrite
        (call: CancellationToken -> ValueTask<'T>)
        : Task<'T> =
        task {
            use limit = new CancellationTokenSource(definition.StoreTimeout)

            let answer =
                try
                    call limit.Token
                with e ->
                    raise (failed definition operation isWrite e)

            return! answered definition operation isWrite answer
        }

    /// Calls a driver that answers at once. Inlined, so that a load, which every request does, makes no closure.
    let inline ask
        (definition: SessionDefinition)
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
            ValueTask<'T>(answered definition operation isWrite answer)

    /// Calls the driver. The real clock limits the call, not the application's TimeProvider: the limit is against calls
    /// that hang.
    let run
        (definition: SessionDefinition)
        (operation: string)
        (isWrite: bool)
        (call: CancellationToken -> ValueTask<'T>)
        : ValueTask<'T> =
        if definition.Driver.Place.IsProcess then
            ask definition operation isWrite (fun token -> call token)
        else
            ValueTask<'T>(limited definition operation isWrite call)

    /// Calls the driver for work that takes longer the more sessions there are. Only the caller's token limits it.
    let runLong
        (definition: SessionDefinition)
        (operation: string)
        (token: CancellationToken)
        (call: CancellationToken -> ValueTask<'T>)
        : Task<'T> =
        task {
            try
                return! call token
            with e ->
                token.ThrowIfCancellationRequested()
                return raise (failed definition operation true e)
        }
