namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// Runs a step, commits it, and goes on with the handler that the step returned.
module private Following =
    let private warnIfDeclined (scope: SessionScope) (result: HttpContext option) =
        if result.IsNone then
            // The path is logged without the query, which may contain private data.
            let asked = scope.GetHttpContext().Request
            HostedScopes.warnDeclined ((asked.PathBase + asked.Path).ToUriComponent()) scope

        result

    /// Warns if the next handler declines after the session was saved: the route should come first.
    let watched (scope: SessionScope) (isWritten: bool) (result: HttpFuncResult) : HttpFuncResult =
        if not isWritten || (result.IsCompletedSuccessfully && result.Result.IsSome) then
            result
        else
            task {
                let! result = result
                return warnIfDeclined scope result
            }

    /// The result of a step or commit. ValueNone: the change cannot be saved, because the request does not come from the session's
    /// device; it was answered.
    let proven (context: HttpContext) (working: Task<'T>) : Task<'T voption> =
        task {
            try
                let! result = working
                return ValueSome result
            with :? SessionUnprovenException when not context.Response.HasStarted ->
                Unproven.refuse context
                return ValueNone
        }

    /// The handler for a step that can run again.
    let stepping name (whenGone: WhenGone) (step: Session -> struct (Session * HttpHandler)) : HttpHandler =
        fun next context ->
            let scope = Asking.scope context name
            let stepped = scope.Step(whenGone, step, CancellationToken.None)

            if stepped.IsCompletedSuccessfully then
                let struct (handler, isWritten) = stepped.Result
                watched scope isWritten (handler next context)
            else
                task {
                    match! proven context (stepped.AsTask()) with
                    | ValueSome(struct (handler, isWritten)) -> return! watched scope isWritten (handler next context)
                    | ValueNone -> return Some context
                }

    /// Who is signed in, and whose browser could not prove it just now, is asked to come again, rather than sent to a sign-in.
    let private orComeAgain (session: Session) (otherwise: HttpHandler) : HttpHandler =
        fun next context ->
            if Unproven.shouldComeAgain context session then
                Unproven.refuse context
                Task.FromResult(Some context)
            else
                otherwise next context

    /// The handler for a step that needs an owner, and a session that is admitted.
    let ownersOnly name (isAdmitted: Session -> bool) (otherwise: HttpHandler) step : HttpHandler =
        stepping name WhenGone.StepAgain (fun session ->
            match Session.owner session with
            | Some owner when isAdmitted session ->
                let session, handler = step owner session
                struct (session, handler)
            | _ -> struct (session, orComeAgain session otherwise))

    /// Runs the next handler.
    let onwards: HttpHandler = fun next context -> next context

[<AutoOpen; AbstractClass; Sealed>]
type SessionHandlers =
    static member withSession (name: string) (step: Session -> Session * HttpHandler) : HttpHandler =
        Following.stepping name WhenGone.StepAgainUnlessOwned (fun session ->
            let session, handler = step session
            struct (session, handler))

    static member updateSession (name: string) (step: Session -> Session) : HttpHandler =
        Following.stepping name WhenGone.StepAgainUnlessOwned (fun session -> struct (step session, Following.onwards))

    static member readSession (name: string) (handler: Session -> HttpHandler) : HttpHandler =
        Following.stepping name WhenGone.StepAgain (fun session -> struct (session, handler session))

    static member withOwner
        (name: string)
        (otherwise: HttpHandler)
        (step: string -> Session -> Session * HttpHandler)
        : HttpHandler =
        Following.ownersOnly name (fun _ -> true) otherwise step

    static member withFreshOwner
        (name: string)
        (maxAge: TimeSpan)
        (otherwise: HttpHandler)
        (step: string -> Session -> Session * HttpHandler)
        : HttpHandler =
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(maxAge, TimeSpan.Zero)
        Following.ownersOnly name (Session.isFresh maxAge) otherwise step

    static member withDevice
        (name: string)
        (otherwise: HttpHandler)
        (step: string -> Session -> Session * HttpHandler)
        : HttpHandler =
        Following.ownersOnly name (fun session -> (Session.device session).IsBound) otherwise step

    static member withSessionTask
        (name: string)
        (step: HttpContext -> Session -> Task<Session * HttpHandler>)
        : HttpHandler =
        fun next context ->
            task {
                let scope = Asking.scope context name

                let stepping =
                    scope.StepOnce(fun session ->
                        task {
                            let! session, handler = step context session
                            return struct (session, handler)
                        })

                match! Following.proven context stepping with
                | ValueSome(struct (handler, isWritten)) ->
                    return! Following.watched scope isWritten (handler next context)
                | ValueNone -> return Some context
            }

    static member useSession(name: string) : HttpHandler =
        fun next context ->
            task {
                let scope = Asking.scope context name
                do! scope.Prefetch()
                use _ = scope.Open null

                // The handler's first write commits, too.
                let handled =
                    task {
                        let! result = next context
                        let! isWritten = scope.Commit()
                        return struct (result, isWritten)
                    }

                match! Following.proven context handled with
                | ValueSome(struct (result, isWritten)) ->
                    return! Following.watched scope isWritten (Task.FromResult result)
                | ValueNone ->
                    scope.Discard()
                    return Some context
            }

    static member whenFull (otherwise: HttpHandler) (handler: HttpHandler) : HttpHandler =
        fun next context ->
            task {
                let! answer =
                    task {
                        try
                            let! result = handler next context
                            return ValueSome result
                        with :? SessionLimitException when not context.Response.HasStarted ->
                            return ValueNone
                    }

                match answer with
                | ValueSome result -> return result
                | ValueNone -> return! otherwise next context
            }

    static member toRequestDelegate(handler: HttpHandler) : RequestDelegate =
        let run = handler (fun context -> Task.FromResult(Some context))

        let settle (context: HttpContext) (result: HttpContext option) =
            if result.IsNone && not context.Response.HasStarted then
                context.Response.StatusCode <- StatusCodes.Status404NotFound

        RequestDelegate(fun context ->
            let result = run context

            if result.IsCompletedSuccessfully then
                settle context result.Result
                Task.CompletedTask
            else
                task {
                    let! result = result
                    settle context result
                })

    static member ofResult(result: IResult) : HttpHandler =
        fun _ context ->
            task {
                do! result.ExecuteAsync context
                return Some context
            }
