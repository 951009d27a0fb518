namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Runa.Session.Hosting

/// Whether a scope is open. Only then is what is set committed.
type internal ScopeState =
    | Closed = 0
    | Open = 1
    | Ended = 2

/// One session in one request, with everything that an integration with a web framework needs. Get it by
/// `context.GetSessionScope`. Operations on the session run one after another, even if the request starts several at
/// once.
///
/// Members that look at the session make the response private to shared caches (Vary: Cookie, Cache-Control: private).
/// They raise InvalidOperationException if the response has started before the request's first look. All members raise
/// SessionStoreException if the store fails. A cancelled CancellationToken raises OperationCanceledException: it ends
/// the wait, and nothing was saved. A write that has begun is finished first.
[<Sealed>]
type SessionScope =
    internal new: home: Home * host: IScopeHost -> SessionScope

    /// The name under which the session is registered.
    member Name: string
    /// Whether the session was loaded in this request.
    member IsLoaded: bool
    /// Whether something was set but not committed yet.
    member IsChanged: bool
    /// Whether the scope is open: a session that is set is committed before the first byte of the response.
    member IsOpen: bool
    /// Whether the scope was open and has been closed.
    member HasEnded: bool
    /// Whether the caller is a step of this session.
    member IsStepping: bool
    /// Whether a first look at a session would come too late: the response has started without being private to caches.
    member IsTooLate: bool

    /// Whether the request goes on. After its end, servers use its context for another request.
    member IsOfRequest: bool

    /// The session that was set but not committed yet, or the exception that each commit raises. Null: neither.
    member Uncommitted: objnull

    /// Whether this session can still be committed: it needs no new cookie, or the response has not started.
    member CanCommit: Session -> bool

    /// An object that the integration may keep with the session.
    member Tag: objnull with get, set

    /// Loads the session, if it is not loaded, without looking at it: the response does not become private.
    member Prefetch: unit -> ValueTask

    /// Loads the session, if it is not loaded, and looks at it. If it has an idle timeout, its idle end moves. The
    /// result is for reading: Set takes a session made from the one that Show returned.
    member Load: cancellationToken: CancellationToken -> ValueTask<Session>

    /// The session as the store holds it now. Nothing else happens: the response does not become private, the idle end
    /// does not move, and this scope stays as it is.
    member Peek: unit -> ValueTask<Session>

    /// Loads the session again, for a stream, a socket or a circuit that stays open for long. Raises
    /// InvalidOperationException if something was set but not committed.
    member Reload: cancellationToken: CancellationToken -> ValueTask<Session>

    /// The current session of this request, including what was set. Raises InvalidOperationException if it is not
    /// loaded.
    member Current: Session

    /// Like Current, for a caller who may pass a changed session to Set.
    member Show: unit -> Session

    /// Runs the step and commits the session that it returns, together with what was set before. The step must be pure:
    /// if another request is first, it runs again on the newer session. `whenGone` says what to do if the session has
    /// ended. Returns the step's result, and whether more than a new idle end was stored. Raises
    /// SessionConflictException if the session kept changing, or ended, and SessionUnprovenException if the request does
    /// not prove that it comes from the session's device.
    member Step:
        whenGone: WhenGone * step: (Session -> struct (Session * 'R)) * cancellationToken: CancellationToken ->
            ValueTask<struct ('R * bool)>

    /// Runs a step that may do I/O, once, and commits the session that it returns. If another request is first, its
    /// changes are merged. Raises SessionConflictException if that is impossible, and SessionUnprovenException as Step
    /// does.
    member StepOnce: step: (Session -> Task<struct (Session * 'R)>) -> Task<struct ('R * bool)>

    /// Opens the scope until the result is disposed. Until then Set works, and what was set is committed before the
    /// first byte of the response. The policy may be null. It applies until the response has started, even after the
    /// scope is closed.
    member Open: policy: ScopePolicy | null -> ScopeOpening

    /// Whether Set accepts the session: it was made from the one that Show returned last.
    member IsShown: session: Session -> bool

    /// Sets a session to be committed later. Raises InvalidOperationException if it was not made from the one that Show
    /// returned last, if the scope is not open, inside a step, and if the change needs a cookie but the response has
    /// started; in the last case SessionConflictException if the session has ended.
    member Set: session: Session -> unit

    /// Leaves a session with the request, to be committed before the first byte of the response. Like Set, but for a
    /// session that was just made from Current, and also if the scope is not open.
    member Leave: session: Session -> unit

    /// Records that a change could not be made. Each commit raises this exception, so that no response says that the
    /// change was saved.
    member Fail: cause: exn -> unit

    /// Drops what was set but not committed.
    member Discard: unit -> unit

    /// Commits what was set. Returns whether more than a new idle end was stored. Raises what Step raises.
    member Commit: unit -> Task<bool>

    /// Commits what was set, when an application asks for it in a stream, a socket or a circuit that stays open for
    /// long. Raises SessionConflictException if the session has ended and no new one can be created, even if it had no
    /// owner.
    member CommitNow: cancellationToken: CancellationToken -> Task

    /// Marks the begin of a computation that may run again on a newer session in a merge. Until EndStep, other uses of
    /// the session raise as they do inside a step. Returns the argument for EndStep.
    member BeginStep: unit -> int

    /// Marks the end of a computation; see BeginStep.
    member EndStep: before: int -> unit

    member internal Close: before: ScopeState -> unit
    member internal Policy: ScopePolicy | null
    member internal Work: SessionWork
    member internal Host: IScopeHost

/// Closes an opened scope when it is disposed.
and [<Struct; NoComparison; NoEquality>] ScopeOpening =
    internal new: scope: SessionScope * before: ScopeState -> ScopeOpening

    /// The scope. Null: nothing was opened.
    member Scope: SessionScope | null

    /// Closes the scope and drops what was set but not committed. To keep it, call SessionScope.Commit first.
    member Dispose: unit -> unit
    interface IDisposable
