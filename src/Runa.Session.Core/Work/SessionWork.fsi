namespace Runa.Session.Hosting

open System.Threading.Tasks
open Runa.Session

/// The work on one session in one request: its loads, steps and commits, one after another. SessionScope is its public
/// part.
[<AbstractClass>]
type SessionWork =
    internal new: home: Home * host: IScopeHost -> SessionWork
    member internal Home: Home
    member internal Host: IScopeHost
    member internal Definition: SessionDefinition

    /// What the response does with the session's cookie.
    member internal CookieChange: CookieChange

    member internal HasLoaded: bool

    /// Whether something was set but not committed yet, or a change was lost.
    member internal IsPending: bool

    /// The session that was set but not committed yet, or the exception that prevents the commit. Null: neither.
    member internal LeftOver: objnull

    /// Whether no operation is under way.
    member internal IsFree: bool

    /// Whether the caller is a step of this session.
    member internal IsInStep: bool

    member internal Snapshot: Snapshot

    /// The current session, including what was set. It must be loaded.
    member internal Now: Session

    /// The current session, for a caller who may pass it to Put later.
    member internal ShowNow: unit -> Session

    /// Whether the session was made from the one that ShowNow returns.
    member internal WasShown: wanted: Session -> bool

    /// Whether the session was made from the one that the latest run-once step was given.
    member internal IsOfStepOnce: wanted: Session -> bool

    /// Raises InvalidOperationException if the caller is a step of this session.
    member internal CheckNotStepping: unit -> unit

    /// Loads the session once, and touches it if that is due. Used where no step follows, which would touch it.
    member internal Loading: unit -> ValueTask<Session>

    /// Loads the session again, for a stream or a socket that stays open for long. Raises InvalidOperationException if
    /// something was set and not committed, and inside a step.
    member internal Reloading: unit -> ValueTask<Session>

    /// Runs a step that can run again, and commits it with what was set before. Returns its result, and whether more
    /// than a touch was written.
    member internal Stepping:
        whenGone: WhenGone * step: (Session -> struct (Session * 'R)) -> ValueTask<struct ('R * bool)>

    /// Runs a step that may do I/O once; on a conflict its changes are merged.
    member internal SteppingOnce: step: (Session -> Task<struct (Session * 'R)>) -> Task<struct ('R * bool)>

    /// Sets a session, which was made from the current one, to be committed later. Raises if it needs a cookie that
    /// cannot be sent any more: SessionConflictException if the session has ended, otherwise InvalidOperationException.
    member internal Put: wanted: Session -> unit

    /// Records that a change was lost because the session could not be loaded. The commit raises the exception, so that
    /// no response says that the change was saved (promise 14).
    member internal Lose: e: exn -> unit

    /// Drops what was set but not committed.
    member internal Drop: unit -> unit

    /// Commits what was set. Returns whether more than a touch was written.
    member internal Committing: unit -> Task<bool>

    interface IStepWatch
