namespace Runa.Session.Benchmarks

open System
open System.Collections.Generic
open System.IO
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.Extensions.DependencyInjection

/// A response as a server keeps it: it runs what is registered for its start, last in, first out.
type ServerResponse() =
    let starting = Stack<struct (Func<obj, Task> * obj)>()
    let mutable hasStarted = false
    let mutable status = 200
    let headers = HeaderDictionary()

    /// As a server that keeps the object for the next request on a connection.
    member _.Reset() =
        starting.Clear()
        hasStarted <- false
        status <- 200
        headers.Clear()

    member _.Start() : Task =
        task {
            if not hasStarted then
                while starting.Count > 0 do
                    let struct (callback, state) = starting.Pop()
                    do! callback.Invoke state

                hasStarted <- true
        }

    interface IHttpResponseFeature with
        member _.StatusCode
            with get () = status
            and set value = status <- value

        member _.ReasonPhrase
            with get () = null
            and set _ = ()

        member _.Headers
            with get () = headers
            and set _ = ()

        member _.Body
            with get () = Stream.Null
            and set _ = ()

        member _.HasStarted = hasStarted
        member _.OnStarting(callback, state) = starting.Push(struct (callback, state))
        member _.OnCompleted(_, _) = ()

/// Takes everything and keeps nothing.
type NullWriter private () =
    inherit Pipelines.PipeWriter()
    let buffer: byte[] = Array.zeroCreate 4096
    static member val Instance = NullWriter()
    override _.Advance _ = ()
    override _.GetMemory _ = Memory buffer
    override _.GetSpan _ = Span buffer
    override _.CancelPendingFlush() = ()
    override _.Complete _ = ()
    override _.FlushAsync _ = ValueTask<_>(Pipelines.FlushResult())

/// The body of such a response: the first write starts it.
type ServerBody(response: ServerResponse) =
    interface IHttpResponseBodyFeature with
        member _.Stream = Stream.Null
        member _.Writer = NullWriter.Instance
        member _.DisableBuffering() = ()
        member _.StartAsync _ = response.Start()
        member _.SendFileAsync(_, _, _, _) = response.Start()
        member _.CompleteAsync() = response.Start()

/// The features of one connection. Like Kestrel's, it finds the server's own by their type, keeps others in a list, and
/// is used for each request anew.
type ServerFeatures
    (ownRequest: IHttpRequestFeature, ownResponse: IHttpResponseFeature, ownBody: IHttpResponseBodyFeature) =
    let mutable request = ownRequest
    let mutable response = ownResponse
    let mutable body = ownBody
    let others = List<KeyValuePair<Type, obj>>()
    let mutable revision = 0

    member private _.IndexOf(feature: Type) : int =
        let mutable index = 0

        while index < others.Count && not (Object.ReferenceEquals(others[index].Key, feature)) do
            index <- index + 1

        if index < others.Count then index else -1

    member private this.Find(feature: Type) : obj =
        if Object.ReferenceEquals(feature, typeof<IHttpRequestFeature>) then
            box request
        elif Object.ReferenceEquals(feature, typeof<IHttpResponseFeature>) then
            box response
        elif Object.ReferenceEquals(feature, typeof<IHttpResponseBodyFeature>) then
            box body
        else
            match this.IndexOf feature with
            | -1 -> null
            | index -> others[index].Value

    member private this.Put(feature: Type, value: obj) =
        revision <- revision + 1

        if Object.ReferenceEquals(feature, typeof<IHttpRequestFeature>) then
            request <- (value :?> IHttpRequestFeature)
        elif Object.ReferenceEquals(feature, typeof<IHttpResponseFeature>) then
            response <- (value :?> IHttpResponseFeature)
        elif Object.ReferenceEquals(feature, typeof<IHttpResponseBodyFeature>) then
            body <- (value :?> IHttpResponseBodyFeature)
        else
            match this.IndexOf feature with
            | -1 -> others.Add(KeyValuePair(feature, value))
            | index -> others[index] <- KeyValuePair(feature, value)

    member _.Reset() =
        request <- ownRequest
        response <- ownResponse
        body <- ownBody
        others.Clear()
        revision <- revision + 1

    interface IFeatureCollection with
        member _.IsReadOnly = false
        member _.Revision = revision

        member this.Item
            with get (feature: Type) = this.Find feature
            and set (feature: Type) (value: obj) = this.Put(feature, value)

        member this.Get<'T>() : 'T =
            match this.Find typeof<'T> with
            | null -> Unchecked.defaultof<'T>
            | found -> unbox<'T> found

        member this.Set<'T>(value: 'T) = this.Put(typeof<'T>, box value)
        member _.GetEnumerator() : IEnumerator<KeyValuePair<Type, obj>> = others.GetEnumerator()
        member _.GetEnumerator() : Collections.IEnumerator = others.GetEnumerator()
