namespace Runa.Session

open System
open System.IO
open System.IO.Pipelines
open System.Threading.Tasks
open Microsoft.AspNetCore.Http.Features

/// A response body that commits before the response begins, in whatever way it begins. If the commit fails, the code
/// that writes gets the exception while error pages can still answer; in OnStarting it would lead to a bare 500.
[<Sealed; AllowNullLiteral>]
type internal CommittingBody(inner: IHttpResponseBodyFeature, before: IBeforeWrite) =
    let mutable stream: Stream | null = null
    // Most responses are written to it or to the stream, and some to neither.
    let mutable writer: CommittingWriter | null = null

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
        match features[typeof<IHttpResponseBodyFeature>] with
        | :? CommittingBody -> null
        | :? IHttpResponseBodyFeature as inner ->
            let committing = CommittingBody(inner, before)
            features[typeof<IHttpResponseBodyFeature>] <- committing
            committing
        | _ -> null

    /// Removes the committing body, if it is still the outermost.
    member committing.Unwatch(features: IFeatureCollection) =
        if Object.ReferenceEquals(features[typeof<IHttpResponseBodyFeature>], committing) then
            Features.set<IHttpResponseBodyFeature> features inner

    /// Sends the held bytes to the server if the change was stored, and discards them otherwise.
    member _.EndHolding(isStored: bool) =
        match writer with
        | null -> ()
        | writer -> if isStored then writer.Release() else writer.Discard()

    interface IBeforeWrite with
        member _.IsDone =
            match writer with
            | null -> before.IsDone
            | writer -> not writer.IsHolding && before.IsDone

        member _.IsPending = before.IsPending

        member this.DoAsync() =
            task {
                do! before.DoAsync()
                this.EndHolding true
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
                let made = CommittingWriter(inner.Writer, this)
                writer <- made
                made
            | writer -> writer

        member _.DisableBuffering() = inner.DisableBuffering()
        member this.StartAsync token = this.After(fun () -> inner.StartAsync token)
        member this.CompleteAsync() = this.After inner.CompleteAsync

        member this.SendFileAsync(path, offset, count, token) =
            this.After(fun () -> inner.SendFileAsync(path, offset, count, token))
