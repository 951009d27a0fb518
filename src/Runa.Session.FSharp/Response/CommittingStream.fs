namespace Runa.Session

open System
open System.IO
open System.Threading
open System.Threading.Tasks

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
