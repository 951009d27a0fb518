namespace Runa.Session

open System

/// When sessions end for want of requests (promise 7).
module internal Idle =
    /// How rarely an idle end is moved (promise 7).
    let touchInterval (idle: TimeSpan) : TimeSpan = min (idle / 10.) (TimeSpan.FromMinutes 1.)

    /// The end for want of requests, counted from now.
    let endAt (now: DateTimeOffset) (idle: TimeSpan option) (state: SessionState) : DateTimeOffset voption =
        match idle with
        | Some idle -> ValueSome(Instant.earlier (now + idle) state.ExpiresAt)
        | None -> ValueNone

    /// The idle end to store for a request that changed nothing, if it is due.
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

    /// Whether it was stored under another idle timeout, or under none. A touch could not tell when it was last seen, and
    /// whoever is active would be taken for idle. Up to the precision of touches the two are one.
    let isOfAnotherTimeout (idle: TimeSpan option) (record: SessionRecord) =
        match idle, record.IdleExpiresAt with
        | None, ValueNone -> false
        | Some idle, ValueSome stored ->
            let expected = Instant.earlier (record.State.LastSeenAt + idle) record.State.ExpiresAt
            (expected - stored).Duration() >= touchInterval idle
        | _ -> true
