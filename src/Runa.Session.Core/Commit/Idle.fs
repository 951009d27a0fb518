namespace Runa.Session

open System

/// When sessions end because no request comes (promise 7).
module internal Idle =
    /// The least time between two moves of an idle end (promise 7).
    let touchInterval (idle: TimeSpan) : TimeSpan = min (idle / 10.) (TimeSpan.FromMinutes 1.)

    /// The idle end, counted from now and never after the absolute end.
    let endAt (now: DateTimeOffset) (idle: TimeSpan option) (state: SessionState) : DateTimeOffset voption =
        match idle with
        | Some idle -> ValueSome(Instant.earlier (now + idle) state.ExpiresAt)
        | None -> ValueNone

    /// The idle end to store for a request that changed nothing, if a touch is due.
    let dueTouch (now: DateTimeOffset) (idle: TimeSpan option) (record: SessionRecord) : DateTimeOffset voption =
        match idle with
        | None -> ValueNone
        | Some idle ->
            let next = Instant.earlier (now + idle) record.State.ExpiresAt

            match record.IdleExpiresAt with
            | ValueNone -> ValueSome next
            | ValueSome before when Instant.isBefore next before && now + idle - before >= touchInterval idle ->
                ValueSome next
            | ValueSome _ -> ValueNone

    /// Whether the record was stored under another idle timeout, or under none. A touch moves LastSeenAt by the
    /// difference of the idle ends, which would be wrong then: an active session could end as idle. Differences below
    /// the precision of touches do not count.
    let isOfAnotherTimeout (idle: TimeSpan option) (record: SessionRecord) =
        match idle, record.IdleExpiresAt with
        | None, ValueNone -> false
        | Some idle, ValueSome stored ->
            let expected = Instant.earlier (record.State.LastSeenAt + idle) record.State.ExpiresAt
            (expected - stored).Duration() >= touchInterval idle
        | _ -> true
