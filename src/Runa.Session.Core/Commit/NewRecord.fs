namespace Runa.Session

open System

/// Makes the records that a commit writes.
module internal NewRecord =
    /// Gives new flashes the ids by which a merge tells them apart. The ids are made from the version of the write.
    let private number (RecordVersion.RecordVersion version) (flashes: Flash list) =
        if flashes.IsEmpty || flashes |> List.forall (fun flash -> flash.Id <> 0L) then
            flashes
        else
            flashes
            |> List.mapi (fun index flash ->
                if flash.Id <> 0L then
                    flash
                else
                    match version + int64 index with
                    | 0L -> { flash with Id = Int64.MinValue }
                    | id -> { flash with Id = id })

    /// The record of a live session with this state.
    let live
        (now: DateTimeOffset)
        (idle: TimeSpan option)
        (scope: string)
        (version: RecordVersion)
        (state: SessionState)
        : SessionRecord =
        { Version = version
          Scope = scope
          State = { state with LastSeenAt = now; Flashes = number version state.Flashes }
          IdleExpiresAt = Idle.endAt now idle state
          Kind = RecordKind.Live }

    /// How long a tombstone leads from an exchanged token to its successor: 2 minutes by every node's clock.
    let tombstoneLife = TimeSpan.FromMinutes 2. + SessionDriver.clockTolerance

    /// Leads to the successor until its end.
    let private leading
        scope
        version
        owner
        (createdAt: DateTimeOffset)
        (endsAt: DateTimeOffset)
        successor
        : SessionRecord =
        { Version = version
          Scope = scope
          State = { SessionState.fresh createdAt (endsAt - createdAt) with Owner = owner }
          // With an idle end, a late touch by a request that loaded the session before it moved cannot set an earlier one.
          IdleExpiresAt = ValueSome endsAt
          Kind = RecordKind.Moved successor }

    let tombstone
        (now: DateTimeOffset)
        (scope: string)
        (version: RecordVersion)
        (owner: string option)
        (successor: StoreKey)
        : SessionRecord =
        leading scope version owner now (now + tombstoneLife) successor

    /// What stands in the place of a session that was ended because a copy of its token was used: a tombstone that leads to
    /// itself, until the session would have ended. So its browser can be told what happened.
    let taken (key: StoreKey) (session: SessionRecord) : SessionRecord =
        let state = session.State
        leading session.Scope (RecordVersion.Next()) state.Owner state.CreatedAt state.ExpiresAt key

    let isTaken (key: StoreKey) (record: SessionRecord) : bool =
        match record.Kind with
        | RecordKind.Moved successor -> successor = key
        | RecordKind.Live
        | RecordKind.Sealed _ -> false
