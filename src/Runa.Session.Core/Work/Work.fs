namespace Runa.Session

open System

/// What one request knows of one session: what was loaded, and what was set since and is not committed yet. Immutable.
[<Struct; NoComparison; NoEquality>]
type internal Work =
    {
        /// What stands, as far as the request knows; null: it was not loaded.
        Snapshot: Snapshot
        /// The session that was set and is not committed yet, or null.
        Pending: Session | null
        /// What every commit raises from now on: a change was lost since nothing could be loaded, or nobody knows whether the
        /// pending one was saved, and trying again could save it twice.
        Fault: exn | null
        /// What the response is to say to the browser.
        Cookie: CookieChange
        /// Sessions made from the snapshot itself were given out: to a step, or to a caller.
        IsGivenOut: bool
        /// The snapshot from which the sessions are made that may come back by Set. Null: none was given out since the last
        /// change.
        Shown: Snapshot
    }

module internal Work =
    /// Nothing is loaded.
    let none: Work =
        { Snapshot = null
          Pending = null
          Fault = null
          Cookie = CookieChange.None
          IsGivenOut = false
          Shown = null }

    /// The same session, made from this snapshot.
    let private on (origin: Snapshot) (session: Session) =
        if Object.ReferenceEquals(session.Origin, origin) then
            session
        else
            Session(origin, session.State, session.Change)

    /// Both are one change, perhaps made from other snapshots of the same record.
    let private isOne (a: Session) (b: Session) =
        Object.ReferenceEquals(a.State, b.State) && Object.ReferenceEquals(a.Change, b.Change)

    /// A touch moves an idle end, and what the session holds stays.
    let private standsAs (a: Snapshot) (b: Snapshot) =
        Object.ReferenceEquals(a, b)
        || (a.Status = b.Status
            && match a.Record, b.Record with
               | ValueSome a, ValueSome b -> a.Version = b.Version
               | ValueNone, ValueNone -> true
               | _ -> false)

    let isLoaded (work: Work) = not (isNull work.Snapshot)

    /// Something was set and is not committed yet, or was lost.
    let isPending (work: Work) = not (isNull work.Pending && isNull work.Fault)

    /// Another snapshot stands from now on: sessions made from the one before are not made from it.
    let stand (now: Snapshot) (work: Work) : Work = { work with Snapshot = now; IsGivenOut = false }

    /// The first load, or a touch: it changes nothing that was given out.
    let load (snapshot: Snapshot) (work: Work) : Work =
        let pending =
            match work.Pending with
            | null -> null
            | pending -> on snapshot pending

        { work with Snapshot = snapshot; Pending = pending }

    /// Another load replaces what was known.
    let reload (snapshot: Snapshot) (work: Work) : Work = { stand snapshot work with Shown = null }

    /// The session as it stands, with what was set. The snapshot must be there.
    let current (work: Work) : Session =
        match work.Pending with
        | null -> work.Snapshot.Session
        | pending -> pending

    /// Where a step starts: the current session, made from a snapshot that nobody was given before. So a session that was
    /// given out to somebody else never comes back from this step, whatever happens in between.
    let give (work: Work) : struct (Snapshot * Session * Work) =
        if work.IsGivenOut then
            let own = work.Snapshot.Again()

            match work.Pending with
            | null -> struct (own, own.Session, work)
            | pending -> struct (own, on own pending, work)
        else
            struct (work.Snapshot, current work, { work with IsGivenOut = true })

    /// The current session, for a caller who may bring it back by Set.
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

    /// Whether the session was made from what show gives now.
    let isShown (wanted: Session) (work: Work) =
        not (isNull work.Shown) && Object.ReferenceEquals(wanted.Origin, work.Shown)

    /// Leaves a session to be committed. A second change made from the session that this one was made from would undo it.
    let put (wanted: Session) (work: Work) : Work =
        let snapshot = if work.IsGivenOut then work.Snapshot.Again() else work.Snapshot

        { work with Snapshot = snapshot; IsGivenOut = false; Shown = null; Pending = on snapshot wanted }

    /// The first fault stays.
    let fail (e: exn) (work: Work) : Work = if isNull work.Fault then { work with Fault = e } else work

    /// Drops what was not committed.
    let discard (work: Work) : Work = { work with Pending = null; Fault = null }

    /// What is left to be committed after a commit from this snapshot. `set` is what was committed, or part of it; null:
    /// nothing was set before. Raises SessionConflictException where what was set meanwhile cannot be carried over.
    let private left (from: Snapshot) (set: Session | null) (work: Work) : Session | null =
        match work.Pending, set with
        | null, _ -> null
        | now, NonNull set when isOne now set -> null
        // Set while the commit was under way: that is still to be committed.
        | now, set ->
            let start =
                match set with
                | null -> from.Session
                | set -> set

            Carrying.merge from.Definition work.Snapshot start (Merge.beyond start now)

    /// Takes over what a commit from this snapshot came to; `set` as for left.
    let settle (from: Snapshot) (set: Session | null) (answer: Answer) (work: Work) : Work =
        let now = answer.Snapshot

        let work =
            if answer.IsWritten || not (standsAs from now) then
                { stand now work with Shown = null }
            elif Object.ReferenceEquals(now, from) then
                work
            else
                // Touched. What was shown may still come back: no handler can know whether a touch is due.
                stand now work

        { work with
            Pending = left from set work
            Cookie =
                match answer.Cookie with
                | CookieChange.None -> work.Cookie
                | change -> change }

    /// What a run-once step made of `given`, carried over to what stands now; `start` stood when it began. The step may have
    /// committed something of its own, and with it what was set before. Raises SessionConflictException where it cannot.
    let carry (start: Snapshot) (given: Session) (wanted: Session) (work: Work) : struct (Snapshot * Session) =
        let now = work.Snapshot.LookedAt start.Since

        if standsAs start now then
            struct (now, on now wanted)
        else
            struct (now, Carrying.merge now.Definition now given (Merge.beyond given wanted))

    /// Whether something else than this was set since.
    let isSetSince (before: Session | null) (work: Work) =
        match work.Pending, before with
        | null, _ -> false
        | _, null -> true
        | now, before -> not (isOne now before)

    /// Promise 12: setting a value twice sets it; counting or queueing twice is not the same.
    let addsUp (wanted: Session | null) =
        match wanted with
        | null -> false
        | wanted ->
            not wanted.Change.Replays.IsEmpty
            || wanted.State.Flashes |> List.exists (fun flash -> flash.Id = 0L)
