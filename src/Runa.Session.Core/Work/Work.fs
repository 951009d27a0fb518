namespace Runa.Session

open System
open System.Runtime.ExceptionServices

/// What one request knows of one session: what was loaded, and what was set since but not committed yet. Immutable.
[<Struct; NoComparison; NoEquality>]
type internal Work =
    {
        /// The latest snapshot that the request knows. Null: the session is not loaded.
        Snapshot: Snapshot
        /// The session that was set but not committed yet. Null: there is none.
        Pending: Session | null
        /// The exception that every commit raises from now on. Either a change was lost because the session could not
        /// be loaded, or it is unknown whether the pending session was saved, and a second try could save it twice.
        Fault: exn | null
        /// What the response does with the session's cookie.
        Cookie: CookieChange
        /// Whether the request has ended a session.
        HasEnded: bool
        /// The id of the device that a sign-in of this request made, and offers to the browser. Null: there is none.
        Offered: string | null
        /// Whether a step or a caller was given a session with this snapshot as its origin.
        IsGivenOut: bool
        /// The origin of sessions that a caller may pass to Set. Null: no caller was given one since the last change.
        Shown: Snapshot
    }

module internal Work =
    /// The state before the session is loaded.
    let none: Work =
        { Snapshot = null
          Pending = null
          Fault = null
          Cookie = CookieChange.None
          HasEnded = false
          Offered = null
          IsGivenOut = false
          Shown = null }

    /// The same session with this snapshot as its origin.
    let private on (origin: Snapshot) (session: Session) =
        if Object.ReferenceEquals(session.Origin, origin) then
            session
        else
            Session(origin, session.State, session.Change)

    /// Whether both are the same change, even if their origins differ.
    let private isOne (a: Session) (b: Session) =
        Object.ReferenceEquals(a.State, b.State) && Object.ReferenceEquals(a.Change, b.Change)

    /// Whether both snapshots have the same content. They may differ by a touch, which only moves the idle end.
    let private standsAs (a: Snapshot) (b: Snapshot) =
        Object.ReferenceEquals(a, b)
        || (Object.ReferenceEquals(a.Status, b.Status)
            && match a.Record, b.Record with
               | ValueSome a, ValueSome b -> a.Version = b.Version
               | ValueNone, ValueNone -> true
               | _ -> false)

    let isLoaded (work: Work) = not (isNull work.Snapshot)
    let isActive (work: Work) = isLoaded work && work.Snapshot.IsActive

    /// Whether something was set but not committed yet, or a change was lost.
    let isPending (work: Work) = not (isNull work.Pending && isNull work.Fault)

    /// Makes this the current snapshot. Sessions made from the earlier one no longer count as made from the current
    /// one.
    let stand (now: Snapshot) (work: Work) : Work = { work with Snapshot = now; IsGivenOut = false }

    /// Applies the first load or a touch. Sessions that were given out stay valid.
    let load (snapshot: Snapshot) (work: Work) : Work =
        let pending =
            match work.Pending with
            | null -> null
            | pending -> on snapshot pending

        { work with Snapshot = snapshot; Pending = pending }

    /// After a touch of `found`, unless something else was loaded meanwhile.
    let touched (found: Snapshot) (now: Snapshot) (work: Work) : Work =
        if Object.ReferenceEquals(work.Snapshot, found) && not (Object.ReferenceEquals(now, found)) then
            load now work
        else
            work

    /// Applies another load, which replaces what was known.
    let reload (snapshot: Snapshot) (work: Work) : Work = { stand snapshot work with Shown = null }

    /// The current session, including what was set. It must be loaded.
    let current (work: Work) : Session =
        match work.Pending with
        | null -> work.Snapshot.Session
        | pending -> pending

    /// The session with which a step starts. Its origin is a snapshot that nobody was given before, so the step cannot
    /// hand back a session that somebody else was given.
    let give (work: Work) : struct (Snapshot * Session * Work) =
        if work.IsGivenOut then
            let own = work.Snapshot.Again()

            match work.Pending with
            | null -> struct (own, own.Session, work)
            | pending -> struct (own, on own pending, work)
        else
            struct (work.Snapshot, current work, { work with IsGivenOut = true })

    /// The current session, for a caller who may pass it to Set later.
    let show (work: Work) : struct (Session * Work) =
        if isNull work.Shown then
            let snapshot = if work.IsGivenOut then work.Snapshot.Again() else work.Snapshot

            let pending =
                match work.Pending with
                | null -> null
                | pending -> on snapshot pending

            let work = { work with Snapshot = snapshot; Pending = pending; IsGivenOut = true; Shown = snapshot }

            struct (current work, work)
        else
            match work.Pending with
            | null -> struct (work.Shown.Session, work)
            | pending -> struct (on work.Shown pending, work)

    /// Whether the session was made from the one that `show` returns now.
    let isShown (wanted: Session) (work: Work) =
        not (isNull work.Shown) && Object.ReferenceEquals(wanted.Origin, work.Shown)

    /// Sets a session to be committed later. From then on, a session made from the earlier one is refused: it would
    /// undo this change.
    let put (wanted: Session) (work: Work) : Work =
        let snapshot = if work.IsGivenOut then work.Snapshot.Again() else work.Snapshot

        { work with Snapshot = snapshot; IsGivenOut = false; Shown = null; Pending = on snapshot wanted }

    /// Records a fault. The first one stays.
    let fail (e: exn) (work: Work) : Work = if isNull work.Fault then { work with Fault = e } else work

    /// Raises the fault, if there is one.
    let checkFault (work: Work) =
        match work.Fault with
        | null -> ()
        | e -> ExceptionDispatchInfo.Throw e

    /// Raises InvalidOperationException if something was set and not committed: a reload would lose it.
    let checkCommitted (name: string) (work: Work) =
        if not (isNull work.Pending) then
            raise (Misuse.reloaded name)

    /// Drops what was set but not committed.
    let discard (work: Work) : Work = { work with Pending = null; Fault = null }

    /// What remains to be committed after a commit from this snapshot. `set` is what had been set before and was
    /// committed; null: nothing. Raises SessionConflictException if what was set in the meantime cannot be merged.
    let private left (from: Snapshot) (set: Session | null) (work: Work) : Session | null =
        match work.Pending with
        | null -> null
        | now ->
            match set with
            | null -> Carrying.merge from.Definition work.Snapshot from.Session (Merge.beyond from.Session now)
            | set when isOne now set -> null
            // It was set while the commit was under way, and is still to be committed.
            | set -> Carrying.merge from.Definition work.Snapshot set (Merge.beyond set now)

    /// The id of the device that the session has got since `from`.
    let private offered (from: Snapshot) (now: Snapshot) (work: Work) : string | null =
        match now.State.Device with
        | Some(DeviceBinding.Offered id) when Binding.deviceId from.State <> Some id -> id
        | _ -> work.Offered

    /// Applies the answer of a commit from this snapshot. `set` is what had been set before; null: nothing.
    let settle (from: Snapshot) (set: Session | null) (answer: Answer) (work: Work) : Work =
        let now = answer.Snapshot

        let work =
            if answer.IsWritten || not (standsAs from now) then
                { stand now work with Shown = null }
            elif Object.ReferenceEquals(now, from) then
                work
            else
                // The session was touched. Sessions that were shown stay valid, since no handler can know whether a
                // touch is due.
                stand now work

        { work with
            Pending = left from set work
            HasEnded = work.HasEnded || answer.IsEnd
            Offered = offered from now work
            Cookie =
                match answer.Cookie with
                | CookieChange.None -> work.Cookie
                | change -> change }

    /// Merges the session that a run-once step made from `given` onto the current snapshot. `start` was the snapshot
    /// when the step began; the step may have committed something itself, including what was set before. Raises
    /// SessionConflictException if the merge is impossible.
    let carry (start: Snapshot) (given: Session) (wanted: Session) (work: Work) : struct (Snapshot * Session) =
        let now = work.Snapshot.LookedAt start.Since

        if standsAs start now then
            struct (now, on now wanted)
        else
            struct (now, Carrying.merge now.Definition now given (Merge.beyond given wanted))

    /// Whether something other than `before` was set since.
    let isSetSince (before: Session | null) (work: Work) =
        match work.Pending, before with
        | null, _ -> false
        | _, null -> true
        | now, before -> not (isOne now before)

    /// Whether saving the session twice would count twice (promise 12). Setting a value twice does no harm; computing a
    /// value or queueing a flash twice does.
    let addsUp (wanted: Session | null) =
        match wanted with
        | null -> false
        | wanted ->
            not wanted.Change.Replays.IsEmpty
            || wanted.State.Flashes |> List.exists (fun flash -> flash.Id = 0L)
