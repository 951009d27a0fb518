namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// A step whose caller may stop waiting: the token is looked at before each attempt, and while one waits for its turn.
type internal ICancellable =
    abstract Token: CancellationToken

/// A step with the token of its caller. An attempt that has begun is finished all the same (promise 15).
[<Sealed>]
type internal CancellableStep<'R>(token: CancellationToken, step: Session -> struct (Session * 'R)) =
    inherit FSharpFunc<Session, struct (Session * 'R)>()

    // 0: nothing has happened; 1: an attempt has begun; 2: the caller has gone before one did.
    let mutable state = 0

    override _.Invoke(session: Session) =
        token.ThrowIfCancellationRequested()

        if Interlocked.CompareExchange(&state, 1, 0) = 2 then
            raise (OperationCanceledException token)

        step session

    /// As the function that it is.
    member this.Step: Session -> struct (Session * 'R) = unbox (box this)

    /// True: no attempt has begun, and none will.
    member _.TryGiveUp() : bool = Interlocked.CompareExchange(&state, 2, 0) = 0

    interface ICancellable with
        member _.Token = token

/// How a caller's token ends the waiting for what goes on.
module internal Waiting =
    let private observe (work: Task) =
        work.ContinueWith(
            (fun (failed: Task) -> ignore failed.Exception),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted ||| TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        )
        |> ignore

    /// Waits until it has ended or the token is cancelled, which raises OperationCanceledException. What goes on then goes
    /// on, and what it raises later is nobody's any more.
    let until (token: CancellationToken) (work: Task<'T>) : Task<'T> =
        if not token.CanBeCanceled || work.IsCompleted then
            work
        else
            task {
                try
                    return! work.WaitAsync token
                with :? OperationCanceledException when token.IsCancellationRequested ->
                    // It may have ended since.
                    if work.IsCompleted then
                        return! work
                    else
                        observe work
                        return raise (OperationCanceledException token)
            }

    /// The same of what is only begun while the token is not cancelled.
    let start (token: CancellationToken) (work: unit -> Task<'T>) : Task<'T> =
        task {
            token.ThrowIfCancellationRequested()
            return! until token (work ())
        }

    /// Waits for a step; but for one of which an attempt has begun, to its end (promise 15). So whoever is told that it was
    /// cancelled knows that nothing of it was saved.
    let forStep (token: CancellationToken) (step: CancellableStep<'R>) (work: ValueTask<'T>) : ValueTask<'T> =
        if not token.CanBeCanceled || work.IsCompleted then
            work
        else
            ValueTask<'T>(
                task {
                    let work = work.AsTask()

                    try
                        return! work.WaitAsync token
                    with :? OperationCanceledException when token.IsCancellationRequested ->
                        if step.TryGiveUp() then
                            observe work
                            return raise (OperationCanceledException token)
                        else
                            return! work
                }
            )
