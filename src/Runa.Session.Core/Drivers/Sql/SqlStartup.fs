namespace Runa.Session

open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// Creates the schema before the first call, if the option EnsureSchema is set. If that fails, the call fails too, and
/// the next call tries again.
[<Sealed>]
type internal SqlStartup(isWanted: bool, ensure: CancellationToken -> Task<unit>) =
    let one = new SemaphoreSlim 1
    let mutable isDone = not isWanted

    let start (token: CancellationToken) : Task =
        task {
            try
                do! one.WaitAsync token

                try
                    if not (Volatile.Read &isDone) then
                        do! ensure token
                        Volatile.Write(&isDone, true)
                finally
                    one.Release() |> ignore
            with e ->
                // The call that needs the schema has not begun.
                SqlFault.markEarly e
                ExceptionDispatchInfo.Throw e
        }

    member _.After(token: CancellationToken, work: unit -> Task<'T>) : ValueTask<'T> =
        if Volatile.Read &isDone then
            ValueTask<'T>(work ())
        else
            ValueTask<'T>(
                task {
                    do! start token
                    return! work ()
                }
            )

    member startup.AfterThat(token: CancellationToken, work: unit -> Task) : ValueTask =
        ValueTask(
            startup
                .After(
                    token,
                    fun () ->
                        task {
                            do! work ()
                            return true
                        }
                )
                .AsTask()
            :> Task
        )
