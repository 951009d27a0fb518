namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// What the sessions of a request have in common.
[<AllowNullLiteral>]
type internal IScopeHost =
    inherit IResponseGate
    abstract Context: HttpContext
    /// A session is looked at: from now on the response is private. Raises InvalidOperationException where it is too late.
    abstract Look: name: string -> unit
    /// Whether the first look would come too late.
    abstract IsTooLate: bool
    /// A change is left to be committed before the first byte of the response.
    abstract Watch: unit -> unit
    /// The request goes on: its context was not given to another one.
    abstract IsCurrent: bool
    /// A scope was opened.
    abstract Opened: unit -> unit
    /// A scope was closed. `isStored`: nothing of it was dropped.
    abstract Closed: isStored: bool -> unit

/// Whether what is set in a scope is committed.
[<RequireQualifiedAccess; Struct>]
type internal ScopeState =
    | Closed
    | Open
    | Ended

/// One session in one request: all that an integration with a web framework needs. Get it by `context.GetSessionScope`.
/// What the request does to its session goes one after another, however much of it the request starts at once.
///
/// Functions that look at the session make the response private to shared caches (Vary: Cookie, Cache-Control: private),
/// and raise InvalidOperationException where the first look of the request comes after the response has started.
/// All raise SessionStoreException where the store fails. Where a CancellationToken is cancelled, they raise
/// OperationCanceledException: it ends the waiting, nothing was saved, and a write that has begun is finished first.
[<Sealed>]
type SessionScope =
    internal new: host: IScopeHost * home: Home -> SessionScope

    /// The name that the session is registered under.
    member Name: string
    /// The request.
    member Context: HttpContext
    /// The session was loaded in this request.
    member IsLoaded: bool
    /// Something was set and is not committed yet.
    member IsChanged: bool
    /// What is set here is committed before the first byte of the response: the scope is open.
    member IsOpen: bool
    /// The scope was open, and is not any more.
    member HasEnded: bool
    /// A step of this session is running on the calling thread.
    member IsStepping: bool
    /// The first look at a session in this request would come too late: the response has started, and caches were not told.
    member IsTooLate: bool

    /// The request goes on. When it has ended, servers use its context for another one.
    member IsOfRequest: bool

    /// What was set and is not committed yet: the session, or the exception that each commit raises. Null: nothing.
    member Uncommitted: objnull

    /// Whether the change can still be committed: it needs no new cookie, or the response has not started.
    member CanCommit: Session -> bool

    /// For the integration to keep an object of its own beside the session.
    member Tag: objnull with get, set

    /// Loads the session unless it is loaded, without looking at it: the response stays as it is.
    member Prefetch: unit -> ValueTask

    /// Loads the session unless it is loaded, and looks at it. Where it has an idle timeout, its idle end moves.
    member Load: cancellationToken: CancellationToken -> ValueTask<Session>

    /// Loads the session again: for a stream, a socket or a circuit, which outlives what its request loaded. Raises
    /// InvalidOperationException where something was set and is not committed.
    member Reload: cancellationToken: CancellationToken -> ValueTask<Session>

    /// The session as it stands in this request, with what was set. Raises InvalidOperationException where it is not loaded.
    member Current: Session

    /// As Current, for a caller who may hand it back to Set.
    member Show: unit -> Session

    /// Runs the step and commits what it hands back, with what was set before. The step must be pure: when another request
    /// got there first it runs again on the newer session. `whenGone` says what is done where the session has ended.
    /// Answers the step's result, and whether more than a new idle end was stored. Raises SessionConflictException where the
    /// session kept changing, or ended.
    member Step:
        whenGone: WhenGone * step: (Session -> struct (Session * 'R)) * cancellationToken: CancellationToken ->
            ValueTask<struct ('R * bool)>

    /// Runs a step that may do I/O, once, and commits what it hands back. When another request got there first, its changes
    /// are merged. Raises SessionConflictException where they cannot be.
    member StepOnce: step: (Session -> Task<struct (Session * 'R)>) -> Task<struct ('R * bool)>

    /// From now until its answer is disposed, Set works here, and what was set is committed before the first byte of
    /// the response. The policy may be null. It stays in force when the scope is closed, until the response has started.
    member Open: policy: ScopePolicy | null -> ScopeOpening

    /// Whether the session was made from the one that Show gave last: Set takes it.
    member IsShown: session: Session -> bool

    /// Leaves a session to be committed. It must be made from the one that Show gave last. Raises InvalidOperationException
    /// otherwise, where the scope is not open, inside of a step, and where the change needs a cookie after the response has
    /// started; SessionConflictException where the session has ended by then.
    member Set: session: Session -> unit

    /// As Set, for a session made from Current just now.
    member Leave: session: Session -> unit

    /// A change was asked for that could not be made: each commit raises this, so that no answer says that it was saved.
    member Fail: cause: exn -> unit

    /// Drops what was set and is not committed.
    member Discard: unit -> unit

    /// Commits what was set. True: more than a new idle end was stored. Raises what a step raises.
    member Commit: unit -> Task<bool>

    /// Commits what was set, for an application that asks for it: in a stream, a socket or a circuit, which has no end for
    /// long. Where the session has ended and no new one can be made, SessionConflictException is raised, whosever it was.
    member CommitNow: cancellationToken: CancellationToken -> Task

    /// A computation whose result is set may run once more on a newer session, at a merge: around it, between BeginStep and
    /// EndStep, other uses of the session raise as they do inside of a step. Answers what EndStep is to be given.
    member BeginStep: unit -> int

    /// See BeginStep.
    member EndStep: before: int -> unit

    /// Whether the session was made from the one that the run-once step was given which began last.
    member internal IsOfStepOnce: session: Session -> bool
    member internal Work: SessionWork
    /// Opens the scope; its answer is what Close is to be given.
    member internal Begin: policy: ScopePolicy | null -> ScopeState
    member internal Close: before: ScopeState -> unit
    member internal Next: SessionScope | null with get, set
    member internal Policy: ScopePolicy | null
    /// Commits where no caller asked for it, and the policy may forgive what is raised.
    member internal CommitUnasked: unit -> Task<bool>

/// Closes a scope that was opened.
and [<Struct; NoComparison; NoEquality>] ScopeOpening =
    internal new: scope: SessionScope * before: ScopeState -> ScopeOpening
    /// Drops what was set and is not committed: an exception passes through. Call SessionScope.CommitAsync before.
    member Dispose: unit -> unit
    interface IDisposable
