namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// Offers a session to everything behind it, as an open scope, and commits at the end what was set. The scope is created
/// when somebody asks for the session: a request in which nobody does costs almost nothing. An exception drops what was
/// not committed. A change that cannot be saved, because the request does not come from the session's device, is answered
/// with 401. Make one when the pipeline is built.
///
/// `isFor` is called when somebody asks for the session, and returns false for requests that do not have it. Null: all
/// have it.
[<Sealed>]
type SessionMiddleware(name: string, isFor: Func<HttpContext, bool> | null) =
    let offered = OfferedSession(name, isFor)

    static let finish (sessions: RequestSessions) (offer: SessionOffer | null) (running: Task) : Task =
        task {
            try
                try
                    do! running.ConfigureAwait false

                    match sessions.Changed offer with
                    | null -> ()
                    | scope ->
                        let! _ = scope.Commit().ConfigureAwait false
                        ()
                with :? SessionUnprovenException when not sessions.Context.Response.HasStarted ->
                    Unproven.refuse sessions.Context
            finally
                sessions.Leave offer
        }

    /// The name under which the session is registered.
    member _.Name = name

    /// Runs the middleware around what follows.
    member _.Around(next: RequestDelegate) : RequestDelegate =
        RequestDelegate(fun context ->
            let sessions = RequestSessions.Of context
            let offer = sessions.Enter offered

            let running =
                try
                    next.Invoke context
                with e ->
                    Task.FromException e

            if not running.IsCompletedSuccessfully then
                finish sessions offer running
            else
                match sessions.Changed offer with
                | null ->
                    sessions.Leave offer
                    running
                | scope ->
                    let committing = scope.Commit()

                    if committing.IsCompletedSuccessfully then
                        sessions.Leave offer
                        running
                    else
                        finish sessions offer committing)
