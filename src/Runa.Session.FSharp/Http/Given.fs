namespace Runa.Session

open System

/// What sessions that were given out are made from.
module internal Given =
    /// The same session, made from this load.
    let on (origin: Loaded) (session: Session) : Session =
        if Object.ReferenceEquals(session.Origin, origin) then
            session
        else
            Session(origin, session.State, session.Change)

    /// Both are one change, perhaps made from another load of the same record.
    let isOne (a: Session) (b: Session) =
        Object.ReferenceEquals(a.State, b.State) && Object.ReferenceEquals(a.Change, b.Change)

    /// A touch moves an idle end, and what the session holds stays.
    let standsAs (a: Loaded) (b: Loaded) =
        Object.ReferenceEquals(a, b)
        || (a.Status = b.Status
            && match a.Record, b.Record with
               | ValueSome a, ValueSome b -> a.Version = b.Version
               | ValueNone, ValueNone -> true
               | _ -> false)
