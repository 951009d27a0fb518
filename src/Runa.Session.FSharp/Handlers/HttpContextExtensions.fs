namespace Runa.Session

open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// Access to sessions from inside a handler. These methods raise what the handlers raise. A cancelled token raises
/// OperationCanceledException: it ends the wait for a load or for other requests, and nothing was saved. A write that
/// has begun is always finished and waited for.
[<AutoOpen>]
module HttpContextExtensions =
    type HttpContext with

        /// The current session of this request, including what was set. Raises InvalidOperationException unless it was
        /// loaded, by useSession or ctx.LoadSessionAsync.
        member context.GetSession(name: string) : Session = (Asking.loaded context name).Show()

        /// Sets a session, which was made from the one that GetSession returned. useSession commits it before the first
        /// byte of the response, or at the end of the handler. Raises InvalidOperationException outside useSession.
        member context.SetSession(session: Session) : unit = Asking.set context session

        /// Loads the session, unless this request has loaded it.
        member context.LoadSessionAsync(name: string, ?cancellationToken: CancellationToken) : Task<Session> =
            let token = defaultArg cancellationToken CancellationToken.None

            task {
                let scope = Asking.scope context name
                let! _ = scope.Load token
                return scope.Show()
            }

        /// Runs the step and commits the session that it returns. The step must be pure: if another request is first,
        /// it runs again on the newer session. Raises SessionUnprovenException if the request does not prove that it comes
        /// from the session's device (DeviceBound).
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

        /// Like the other, but also returns the step's result, from the attempt that was committed.
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

        /// Commits now what SetSession set. For a stream or a socket, whose handler does not end for long. After the
        /// response has started, a change that needs a cookie raises InvalidOperationException, or
        /// SessionConflictException if the session has ended, and nothing is stored.
        member context.CommitSessionAsync(name: string, ?cancellationToken: CancellationToken) : Task<unit> =
            let token = defaultArg cancellationToken CancellationToken.None

            task {
                do! (Asking.scope context name).CommitNow token
                return ()
            }
