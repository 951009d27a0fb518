namespace Runa.Session

open System
open System.IO
open System.IO.Pipelines
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http.Features

/// Something to be done before the first byte of a response.
[<AllowNullLiteral>]
type internal IBeforeWrite =
    /// Nothing is waiting to be done.
    abstract IsDone: bool
    abstract DoAsync: unit -> Task

/// A response's stream that commits before it writes.
[<Sealed>]
type internal CommittingStream(inner: Stream, before: IBeforeWrite) =
    inherit Stream()

    let wait () =
        if not before.IsDone then
            before.DoAsync().GetAwaiter().GetResult()

    override _.CanRead = inner.CanRead
    override _.CanSeek = inner.CanSeek
    override _.CanWrite = inner.CanWrite
    override _.Length = inner.Length

    override _.Position
        with get () = inner.Position
        and set value = inner.Position <- value

    override _.Seek(offset, origin) = inner.Seek(offset, origin)
    override _.SetLength value = inner.SetLength value
    override _.Read(buffer: byte[], offset: int, count: int) = inner.Read(buffer, offset, count)

    // Writing synchronously is off in Kestrel unless an application turns it on: then it has chosen to block.
    override _.Write(buffer: byte[], offset: int, count: int) =
        wait ()
        inner.Write(buffer, offset, count)

    override _.Flush() =
        wait ()
        inner.Flush()

    override _.FlushAsync(token: CancellationToken) : Task =
        if before.IsDone then
            inner.FlushAsync token
        else
            task {
                do! before.DoAsync()
                do! inner.FlushAsync token
            }

    override this.WriteAsync(buffer: byte[], offset: int, count: int, token: CancellationToken) : Task =
        this.WriteAsync(ReadOnlyMemory(buffer, offset, count), token).AsTask()

    override _.WriteAsync(buffer: ReadOnlyMemory<byte>, token: CancellationToken) : ValueTask =
        if before.IsDone then
            inner.WriteAsync(buffer, token)
        else
            ValueTask(
                task {
                    do! before.DoAsync()
                    do! inner.WriteAsync(buffer, token)
                }
            )

    override this.BeginWrite(buffer, offset, count, callback, state) =
        TaskToAsyncResult.Begin(this.WriteAsync(buffer, offset, count, CancellationToken.None), callback, state)

    override _.EndWrite result = TaskToAsyncResult.End result

/// A response's pipe that commits before it flushes; what is only buffered has not left.
[<Sealed>]
type internal CommittingWriter(inner: PipeWriter, before: IBeforeWrite) =
    inherit PipeWriter()
    override _.CanGetUnflushedBytes = inner.CanGetUnflushedBytes
    override _.UnflushedBytes = inner.UnflushedBytes
    override _.Advance bytes = inner.Advance bytes
    override _.GetMemory sizeHint = inner.GetMemory sizeHint
    override _.GetSpan sizeHint = inner.GetSpan sizeHint
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

/// Every way to begin a response leads through here. It wraps the feature itself, not just its stream, so that what is
/// buffered in the server's pipe stays there. A commit that fails is raised to whoever writes, while error pages can
/// still answer; in OnStarting it would leave a bare 500.
[<Sealed>]
type internal CommittingBody(inner: IHttpResponseBodyFeature, before: IBeforeWrite) =
    let stream = lazy (new CommittingStream(inner.Stream, before))
    let writer = lazy (CommittingWriter(inner.Writer, before))

    let after (action: unit -> Task) : Task =
        if before.IsDone then
            action ()
        else
            task {
                do! before.DoAsync()
                do! action ()
            }

    member _.Inner = inner

    interface IHttpResponseBodyFeature with
        member _.Stream = stream.Value
        member _.Writer = writer.Value
        member _.DisableBuffering() = inner.DisableBuffering()
        member _.StartAsync token = after (fun () -> inner.StartAsync token)
        member _.CompleteAsync() = after inner.CompleteAsync

        member _.SendFileAsync(path, offset, count, token) =
            after (fun () -> inner.SendFileAsync(path, offset, count, token))
