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

    let failed (definition: SessionDefinition) (operation: string) isWrite (e: exn) : exn =
        match e with
        | :? TimeoutException
        | :? OperationCanceledException ->
            definition.Telemetry.StoreFailure "timeout"

            SessionStoreException(
                $"The driver \"{definition.Driver.Name}\" of the session \"{definition.Name}\" did not answer within {definition.StoreTimeout} ({operation}).",
                isWrite,
                e
            )
        | :? SessionStoreException ->
            definition.Telemetry.StoreFailure "failed"
            e
        | e when isWrite && isRefusal definition e ->
            definition.Telemetry.StoreFailure "refused"

            SessionStoreException(
                $"The driver \"{definition.Driver.Name}\" of the session \"{definition.Name}\" refused ({operation}): {e.GetType().Name}. Nothing was written. The cause is the inner exception.",
                false,
                e
            )
        | e ->
            // A record that cannot be read is counted as such.
            if not (e :? InvalidDataException) then
                definition.Telemetry.StoreFailure "failed"

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

    /// The driver's answer, until the limit ends. A driver has a little longer to say what became of a write.
    let waited (limit: CallLimit) isWrite (answer: ValueTask<'T>) : Task<'T> =
        if answer.IsCompleted then
            answer.AsTask()
        else
            answer.AsTask().WaitAsync(if isWrite then limit.ForWrites else limit.ForDriver)

    let private limited
        (definition: SessionDefinition)
        operation
        isWrite
        (call: CancellationToken -> ValueTask<'T>)
        : Task<'T> =
        task {
            let limit = definition.Limits.Begin()

            try
                let! answer = waited limit isWrite (call limit.ForDriver)

                if limit.HasEnded then
                    do! Task.Yield()

                return answer
            with e ->
                if limit.HasEnded then
                    do! Task.Yield()

                return raise (failed definition operation isWrite e)
        }

    let answered (definition: SessionDefinition) operation isWrite (answer: ValueTask<'T>) : Task<'T> =
        limited definition operation isWrite (fun _ -> answer)

    /// Calls a store outside this process, and goes on with its answer or its fault. Inlined, so that all of this is one
    /// task.
    let inline bind
        (definition: SessionDefinition)
        operation
        isWrite
        ([<InlineIfLambda>] call: CancellationToken -> ValueTask<'T>)
        ([<InlineIfLambda>] next: 'T -> ValueTask<'R>)
        ([<InlineIfLambda>] faulted: exn -> ValueTask<'R>)
        : ValueTask<'R> =
        ValueTask<'R>(
            task {
                let mutable fault: exn | null = null
                let mutable answer = Unchecked.defaultof<'T>
                let limit = definition.Limits.Begin()

                try
                    let! found = waited limit isWrite (call limit.ForDriver)
                    answer <- found
                with e ->
                    fault <- failed definition operation isWrite e

                if limit.HasEnded then
                    do! Task.Yield()

                match fault with
                | null -> return! next answer
                | fault -> return! faulted fault
            }
        )

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
        (isWrite: bool)
        (token: CancellationToken)
        (call: CancellationToken -> ValueTask<'T>)
        : Task<'T> =
        task {
            try
                return! call token
            with e ->
                token.ThrowIfCancellationRequested()
                return raise (failed definition operation isWrite e)
        }
