namespace Runa.Session

open System

/// When sessions end because no request comes (promise 7).
module internal Idle =
    let private longestInterval = TimeSpan.FromMinutes 1L

    /// The least time between two moves of an idle end (promise 7).
    let touchInterval (idle: TimeSpan) : TimeSpan = TimeSpan.FromTicks(min (idle.Ticks / 10L) longestInterval.Ticks)

    /// The idle end, counted from now and never after the absolute end.
    let endAt (now: DateTimeOffset) (idle: TimeSpan option) (state: SessionState) : DateTimeOffset voption =
        match idle with
        | Some idle -> ValueSome(Instant.earlier (now + idle) state.ExpiresAt)
        | None -> ValueNone

    /// The idle end to store for a request that changed nothing, if a touch is due. Almost every request asks, so this
    /// counts in ticks.
    let dueTouch (now: DateTimeOffset) (idle: TimeSpan option) (record: SessionRecord) : DateTimeOffset voption =
        match idle with
        | None -> ValueNone
        | Some idle ->
            let next = now.UtcTicks + idle.Ticks

            match record.IdleExpiresAt with
            | ValueSome before when
                min next record.State.ExpiresAt.UtcTicks <= before.UtcTicks
                || next - before.UtcTicks < (touchInterval idle).Ticks
                ->
                ValueNone
            | _ -> endAt now (Some idle) record.State

    /// Whether the record was stored under another idle timeout, or under none. A touch moves LastSeenAt by the
    /// difference of the idle ends, which would be wrong then: an active session could end as idle. Differences below
    /// the precision of touches do not count.
    let isOfAnotherTimeout (idle: TimeSpan option) (record: SessionRecord) =
        match idle, record.IdleExpiresAt with
        | None, ValueNone -> false
        | Some idle, ValueSome stored ->
            let expected = min (record.State.LastSeenAt.UtcTicks + idle.Ticks) record.State.ExpiresAt.UtcTicks
            abs (expected - stored.UtcTicks) >= (touchInterval idle).Ticks
        | _ -> true
