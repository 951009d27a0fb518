namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// A step whose caller may stop waiting. The token is checked before each attempt, and while the request waits for its
/// turn.
type internal ICancellable =
    abstract Token: CancellationToken

/// A step with the token of its caller. An attempt that has begun is finished even if the token is cancelled (promise
/// 15).
[<Sealed>]
type internal CancellableStep<'R>(token: CancellationToken, step: Session -> struct (Session * 'R)) =
    inherit FSharpFunc<Session, struct (Session * 'R)>()

    // 0: no attempt has begun; 1: an attempt has begun; 2: the caller left before any attempt.
    let mutable state = 0

    override _.Invoke(session: Session) =
        token.ThrowIfCancellationRequested()

        if Interlocked.CompareExchange(&state, 1, 0) = 2 then
            raise (OperationCanceledException token)

        step session

    /// The step as an F# function.
    member this.Step: Session -> struct (Session * 'R) = unbox (box this)

    /// Prevents all attempts. Returns false if one has already begun.
    member _.TryGiveUp() : bool = Interlocked.CompareExchange(&state, 2, 0) = 0

    interface ICancellable with
        member _.Token = token

/// Ends a caller's wait by its token, while the work itself goes on.
module internal Waiting =
    let private observe (work: Task) =
        work.ContinueWith(
            (fun (failed: Task) -> ignore failed.Exception),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted ||| TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        )
        |> ignore

    /// Waits until the work has ended. If the token is cancelled before, raises OperationCanceledException; the work
    /// goes on, and an exception that it raises later is ignored.
    let until (token: CancellationToken) (work: Task<'T>) : Task<'T> =
        if not token.CanBeCanceled || work.IsCompleted then
            work
        else
            task {
                try
                    return! work.WaitAsync token
                with :? OperationCanceledException when token.IsCancellationRequested ->
                    // The work may have ended in the meantime.
                    if work.IsCompleted then
                        return! work
                    else
                        observe work
                        return raise (OperationCanceledException token)
            }

    /// Like `until`, but does not start the work if the token is already cancelled.
    let start (token: CancellationToken) (work: unit -> Task<'T>) : Task<'T> =
        task {
            token.ThrowIfCancellationRequested()
            return! until token (work ())
        }

    /// Waits for a step. If the token is cancelled after an attempt has begun, waits for the end of the step all the
    /// same (promise 15). So OperationCanceledException means that nothing was saved.
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
