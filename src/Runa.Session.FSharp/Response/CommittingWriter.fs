namespace Runa.Session

open System.Buffers
open System.IO.Pipelines
open System.Threading.Tasks

/// A response pipe that commits before it flushes, and holds back what is buffered until then.
[<Sealed>]
type internal CommittingWriter(inner: PipeWriter, before: IBeforeWrite) =
    inherit PipeWriter()
    let held = HeldBytes()
    let mutable target: IBufferWriter<byte> = inner

    let choose () =
        if before.IsPending then
            target <- held.Buffer
        else
            held.Release inner
            target <- inner

        target

    /// Whether bytes are held back.
    member _.IsHolding = held.Count > 0

    /// Sends the held bytes to the server.
    member _.Release() = held.Release inner

    member _.Discard() = held.Discard()

    override _.CanGetUnflushedBytes = inner.CanGetUnflushedBytes
    override _.UnflushedBytes = inner.UnflushedBytes + int64 held.Count
    override _.Advance bytes = target.Advance bytes
    override _.GetMemory sizeHint = choose().GetMemory sizeHint
    override _.GetSpan sizeHint = choose().GetSpan sizeHint
    override _.CancelPendingFlush() = inner.CancelPendingFlush()

    override _.Complete e =
        if not before.IsDone then
            before.DoAsync().GetAwaiter().GetResult()

        inner.Complete e

    override _.CompleteAsync e : ValueTask =
        if before.IsDone then
            inner.CompleteAsync e
        else
            ValueTask(
                task {
                    do! before.DoAsync()
                    do! inner.CompleteAsync e
                }
            )

    override _.FlushAsync token : ValueTask<FlushResult> =
        if before.IsDone then
            inner.FlushAsync token
        else
            ValueTask<FlushResult>(
                task {
                    do! before.DoAsync()
                    return! inner.FlushAsync token
                }
            )

    override _.WriteAsync(source, token) : ValueTask<FlushResult> =
        if before.IsDone then
            inner.WriteAsync(source, token)
        else
            ValueTask<FlushResult>(
                task {
                    do! before.DoAsync()
                    return! inner.WriteAsync(source, token)
                }
            )
