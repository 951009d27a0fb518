namespace Runa.Session

open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// Sessions from inside a handler. They raise what the handlers raise, and OperationCanceledException for a token that is
/// cancelled: it ends the waiting for the store's answer to a load, and for other requests that are ahead. Then nothing was
/// saved: a write that has begun is finished, and waited for.
[<AutoOpen>]
module HttpContextExtensions =
    type HttpContext with

        /// The session as it stands in this request, with what was set. Raises InvalidOperationException where it is not
        /// loaded: behind useSession it is, or after ctx.LoadSessionAsync.
        member context.GetSession(name: string) : Session = (Asking.loaded context name).Show()

        /// Leaves a session, made from the one that GetSession gave, to be committed by useSession: before the first byte
        /// of the response, or at the end of the handler. Raises InvalidOperationException anywhere else.
        member context.SetSession(session: Session) : unit = Asking.set context session

        /// Loads the session, if this request has not yet.
        member context.LoadSessionAsync(name: string, ?cancellationToken: CancellationToken) : Task<Session> =
            let token = defaultArg cancellationToken CancellationToken.None

            task {
                let scope = Asking.scope context name
                let! _ = scope.Load token
                return scope.Show()
            }

        /// Runs the step and commits what it hands back. The step must be pure: when another request got there first it
        /// runs again on the newer session.
        member context.UpdateSessionAsync
            (name: string, step: Session -> Session, ?cancellationToken: CancellationToken)
            : Task<unit> =
            let token = defaultArg cancellationToken CancellationToken.None

            task {
                let! struct ((), _) =
                    (Asking.scope context name)
                        .Step(WhenGone.StepAgainUnlessOwned, (fun session -> struct (step session, ())), token)

                return ()
            }

        /// As the other, and answers what the step gave beside the session, in the attempt that was committed.
        member context.UpdateSessionAsync
            (name: string, step: Session -> Session * 'R, ?cancellationToken: CancellationToken)
            : Task<'R> =
            let token = defaultArg cancellationToken CancellationToken.None

            task {
                let asStep (session: Session) =
                    let session, result = step session
                    struct (session, result)

                let! struct (result, _) = (Asking.scope context name).Step(WhenGone.StepAgainUnlessOwned, asStep, token)

                return result
            }

        /// Commits what SetSession left, now: in a stream or a socket, which has no end of the handler for long. After the
        /// response has started, a change that needs a cookie raises InvalidOperationException and stores nothing; where the
        /// session has ended meanwhile, SessionConflictException.
        member context.CommitSessionAsync(name: string, ?cancellationToken: CancellationToken) : Task<unit> =
            let token = defaultArg cancellationToken CancellationToken.None

            task {
                do! (Asking.scope context name).CommitNow token
                return ()
            }
