namespace Runa.Session

open System
open System.Buffers
open System.IO
open System.IO.Pipelines
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http.Features

/// Work to do before the first byte of a response.
[<AllowNullLiteral>]
type internal IBeforeWrite =
    /// Whether there is nothing left to do.
    abstract IsDone: bool
    /// Whether a change is still to be stored, which may fail.
    abstract IsPending: bool
    abstract DoAsync: unit -> Task

/// Holds the bytes that are written to the pipe while a change is still to be stored. In the server's own pipe they
/// could not be removed, and would precede an error page.
[<Sealed>]
type internal HeldBytes() =
    let mutable held: ArrayBufferWriter<byte> | null = null

    /// The buffer for the held bytes.
    member _.Buffer: ArrayBufferWriter<byte> =
        match held with
        | null ->
            let buffer = ArrayBufferWriter<byte>()
            held <- buffer
            buffer
        | buffer -> buffer

    member _.Count =
        match held with
        | null -> 0
        | buffer -> buffer.WrittenCount

    member _.Discard() =
        match held with
        | null -> ()
        | buffer -> buffer.ResetWrittenCount()

    member this.Release(writer: PipeWriter) =
        if this.Count > 0 then
            BuffersExtensions.Write(writer, this.Buffer.WrittenSpan)
            this.Discard()

/// A response stream that commits before it writes.
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

    // Kestrel allows synchronous writes only if the application turns them on. Then it has chosen to block.
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

/// A response pipe that commits before it flushes, and holds back what is buffered until then.
[<Sealed>]
type internal CommittingWriter(inner: PipeWriter, held: HeldBytes, before: IBeforeWrite) =
    inherit PipeWriter()
    let mutable target: IBufferWriter<byte> = inner

    let choose () =
        if before.IsPending then
            target <- held.Buffer
        else
            held.Release inner
            target <- inner

        target

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

/// A response body that commits before the response begins, in whatever way it begins. If the commit fails, the code
/// that writes gets the exception while error pages can still answer; in OnStarting it would lead to a bare 500.
[<Sealed; AllowNullLiteral>]
type internal CommittingBody(inner: IHttpResponseBodyFeature, before: IBeforeWrite) =
    let held = HeldBytes()
    let mutable stream: Stream | null = null
    let mutable writer: PipeWriter | null = null

    member private this.After(action: unit -> Task) : Task =
        let before = this :> IBeforeWrite

        if before.IsDone then
            action ()
        else
            task {
                do! before.DoAsync()
                do! action ()
            }

    /// Puts a committing body in place. Null: there is one already, or the response has no body feature.
    static member Watch(features: IFeatureCollection, before: IBeforeWrite) : CommittingBody =
        match features.Get<IHttpResponseBodyFeature>() with
        | null
        | :? CommittingBody -> null
        | inner ->
            let committing = CommittingBody(inner, before)
            features.Set<IHttpResponseBodyFeature> committing
            committing

    /// Removes the committing body, if it is still the outermost.
    member committing.Unwatch(features: IFeatureCollection) =
        if Object.ReferenceEquals(features.Get<IHttpResponseBodyFeature>(), committing) then
            features.Set<IHttpResponseBodyFeature> inner

    /// Sends the held bytes to the server if the change was stored, and discards them otherwise.
    member _.EndHolding(isStored: bool) = if isStored then held.Release inner.Writer else held.Discard()

    interface IBeforeWrite with
        member _.IsDone = held.Count = 0 && before.IsDone
        member _.IsPending = before.IsPending

        member _.DoAsync() =
            task {
                do! before.DoAsync()
                held.Release inner.Writer
            }

    interface IHttpResponseBodyFeature with
        member this.Stream =
            match stream with
            | null ->
                let made = new CommittingStream(inner.Stream, this)
                stream <- made
                made
            | stream -> stream

        member this.Writer =
            match writer with
            | null ->
                let made = CommittingWriter(inner.Writer, held, this)
                writer <- made
                made
            | writer -> writer

        member _.DisableBuffering() = inner.DisableBuffering()
        member this.StartAsync token = this.After(fun () -> inner.StartAsync token)
        member this.CompleteAsync() = this.After inner.CompleteAsync

        member this.SendFileAsync(path, offset, count, token) =
            this.After(fun () -> inner.SendFileAsync(path, offset, count, token))
