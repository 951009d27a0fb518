namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.ResponseCaching

/// What all sessions of a request do to its response. They are a chain, of which the first stands for all.
module internal SessionResponse =
    let rec private exists (holds: RequestSession -> bool) (request: RequestSession) =
        not (isNull request) && (holds request || exists holds request.Next)

    let private isPending = exists _.IsPending

    /// Whether one of them has something to say to the browser.
    let setsCookie =
        exists (fun request ->
            match request.Cookie with
            | CookieChange.None -> false
            | _ -> true)

    let private commitAll (first: RequestSession) : Task =
        task {
            let mutable request = first

            while not (isNull request) do
                let! _ = request.CommitUnasked()
                request <- request.Next
        }

    let private hintInsecure (request: RequestSession) =
        let session = request.NamedSession
        let isHttps = request.Context.Request.IsHttps
        let host = request.Context.Request.Host.Host

        if
            session.IsDevelopment
            && not isHttps
            && session.Cookie.IsSecure isHttps
            && not (ResponseHeaders.isTrusted host)
            && session.Hints.TryGive "insecure"
        then
            Log.secureOverHttp session.Log session.Name host

    let private sendCookie (request: RequestSession) =
        let session = request.NamedSession
        let http = request.Context.Request
        let isHttps = http.IsHttps
        let send (text: string) = request.Context.Response.Headers.Append("Set-Cookie", text)

        // Before the session's own, so that a client that keeps one cookie of a name keeps that.
        let takeBackOthers () =
            OtherPlaces.expire
                session
                http.Headers.Cookie
                http.Host.Host
                (http.PathBase.ToUriComponent())
                (http.Path.ToUriComponent())
                isHttps
            |> List.iter send

        match request.Cookie with
        | CookieChange.None -> ()
        | CookieChange.Expire ->
            takeBackOthers ()
            send (session.Cookie.Expire isHttps)
        | CookieChange.Set(token, until) ->
            takeBackOthers ()
            send (session.Cookie.Set(string token, until - session.Now, isHttps))
            hintInsecure request
        | CookieChange.Texts texts ->
            takeBackOthers ()
            List.iter send (texts isHttps)
            hintInsecure request

    let private sendHeaders (first: RequestSession) =
        let mutable request = first

        while not (isNull request) do
            sendCookie request
            request <- request.Next

        ResponseHeaders.apply first.Context (setsCookie first)

    let private onStarting (first: RequestSession) : Task =
        if isPending first then
            // Only where something wrote past the body feature: a stream taken before the change, a protocol upgrade.
            task {
                do! commitAll first
                sendHeaders first
            }
        else
            sendHeaders first
            Task.CompletedTask

    let private starting =
        Func<obj, Task>(fun state ->
            match box state with
            | :? RequestSession as first -> onStarting first
            | _ -> Task.CompletedTask)

    /// Commits before the response's first byte, in every way of writing one.
    [<Sealed>]
    type private BeforeWrite(first: RequestSession) =
        interface IBeforeWrite with
            member _.IsDone = first.Context.Response.HasStarted && not (isPending first)
            member _.IsPending = isPending first

            member _.DoAsync() =
                task {
                    do! commitAll first

                    if not first.Context.Response.HasStarted then
                        ResponseHeaders.apply first.Context (setsCookie first)
                }

    /// Puts the body feature in place, once.
    let watchBody (first: RequestSession) =
        let features = first.Context.Features

        match features.Get<IHttpResponseBodyFeature>() with
        | null
        | :? CommittingBody -> ()
        | inner ->
            let committing = CommittingBody(inner, BeforeWrite first)
            first.Body <- committing
            features.Set<IHttpResponseBodyFeature> committing

    /// When useSession ends: what was held back goes on, or nowhere when it was not stored; and when the last one of the
    /// request ends, the body feature goes, where it is still the outermost.
    let unwatchBody (first: RequestSession) (isStored: bool) =
        let features = first.Context.Features

        match first.Body with
        | null -> ()
        | committing ->
            if not isStored || not (isPending first) then
                committing.EndHolding isStored

            // Of a response without a body response caching looks at the headers before OnStarting does.
            if not first.Context.Response.HasStarted && not (isNull (features.Get<IResponseCachingFeature>())) then
                ResponseHeaders.apply first.Context (setsCookie first)

            if
                not (exists _.IsBound first)
                && Object.ReferenceEquals(features.Get<IHttpResponseBodyFeature>(), committing)
            then
                features.Set<IHttpResponseBodyFeature> committing.Inner

    /// Called when the first session of a request is asked for. Headers are decided when the response starts: by then an
    /// error page may have cleared what was set before. The callback registered first runs last.
    let prepare (first: RequestSession) (meetsResponseCaching: bool) =
        let context = first.Context
        ResponseHeaders.veto context

        if not context.Response.HasStarted then
            context.Response.OnStarting(starting, Unchecked.nonNull (box first))

            // Response caching looks at the headers before OnStarting does; of an empty body, when the handler has ended.
            if not (isNull (context.Features.Get<IResponseCachingFeature>())) then
                ResponseHeaders.apply context false
                PrivateResponse.Guard context.Features
                watchBody first
            elif meetsResponseCaching then
                // It is not around this, and may be behind it.
                ResponseHeaders.uncache context.Request
