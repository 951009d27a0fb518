namespace Runa.Session

open System
open System.Collections
open System.Collections.Generic
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.Extensions.Primitives

// Promise 20, for response caching outside the session. It reads the headers of a response without a body when the
// handler has ended, before OnStarting, and the handler may have set Cache-Control to public.

/// The headers of a response, with Cache-Control as it will be sent.
[<Sealed>]
type internal PrivateHeaders(inner: IHeaderDictionary) =
    let read (key: string) (value: StringValues) =
        if value.Count > 0 && key.Equals("Cache-Control", StringComparison.OrdinalIgnoreCase) then
            ResponseHeaders.cacheControl value false
        else
            value

    interface IHeaderDictionary with
        member _.Item
            with get (key: string) = read key inner[key]
            and set (key: string) (value: StringValues) = inner[key] <- value

        member _.ContentLength
            with get () = inner.ContentLength
            and set value = inner.ContentLength <- value

    interface IDictionary<string, StringValues> with
        member _.Item
            with get (key: string) = read key inner[key]
            and set (key: string) (value: StringValues) = inner[key] <- value

        member _.Keys = inner.Keys
        member _.Values = inner.Values
        member _.ContainsKey key = inner.ContainsKey key
        member _.Add(key: string, value: StringValues) = inner.Add(key, value)
        member _.Remove(key: string) = inner.Remove key

        member _.TryGetValue(key, value) =
            let found = inner.TryGetValue(key, &value)

            if found then
                value <- read key value

            found

    interface ICollection<KeyValuePair<string, StringValues>> with
        member _.Count = inner.Count
        member _.IsReadOnly = inner.IsReadOnly
        member _.Add(item: KeyValuePair<string, StringValues>) = inner.Add item
        member _.Clear() = inner.Clear()
        member _.Contains item = inner.Contains item
        member _.CopyTo(items, index) = inner.CopyTo(items, index)
        member _.Remove(item: KeyValuePair<string, StringValues>) = inner.Remove item

    interface IEnumerable<KeyValuePair<string, StringValues>> with
        member _.GetEnumerator() : IEnumerator<KeyValuePair<string, StringValues>> = inner.GetEnumerator()

    interface IEnumerable with
        member _.GetEnumerator() : IEnumerator = (inner :> IEnumerable).GetEnumerator()

#nowarn "44" // Body is obsolete since IHttpResponseBodyFeature, but still has to be implemented.

/// The response feature with these headers.
[<Sealed>]
type internal PrivateResponse(inner: IHttpResponseFeature) =
    let mutable headers = PrivateHeaders inner.Headers

    /// Puts the feature in place, once.
    static member Guard(features: IFeatureCollection) =
        match Features.tryGet<IHttpResponseFeature> features with
        | null
        | :? PrivateResponse -> ()
        | inner -> Features.set<IHttpResponseFeature> features (PrivateResponse inner)

    interface IHttpResponseFeature with
        member _.StatusCode
            with get () = inner.StatusCode
            and set value = inner.StatusCode <- value

        member _.ReasonPhrase
            with get () = inner.ReasonPhrase
            and set value = inner.ReasonPhrase <- value

        member _.Headers
            with get () = headers
            and set value =
                inner.Headers <- value
                headers <- PrivateHeaders value

        member _.Body
            with get () = inner.Body
            and set value = inner.Body <- value

        member _.HasStarted = inner.HasStarted
        member _.OnStarting(callback, state) = inner.OnStarting(callback, state)
        member _.OnCompleted(callback, state) = inner.OnCompleted(callback, state)
