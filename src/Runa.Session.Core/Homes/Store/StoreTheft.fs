namespace Runa.Session

open System.Threading.Tasks

/// What happens when a copy of a session's cookies was used.
module internal StoreTheft =
    let private tell (definition: SessionDefinition) (sign: TheftSign) (snapshot: Snapshot) : unit =
        let isEnded = definition.Settings.OnTheft.IsRevoke
        definition.Telemetry.TheftSuspected(if isEnded then "revoked" else "ignored")
        definition.Events.TheftSuspected(snapshot.State.Owner, StoreKey.toText snapshot.Place.Key)
        TheftLog.suspected definition.Log definition.Name sign isEnded

    /// Puts a tombstone in the place of the session. `mustWin`: other requests were first too often.
    let private replace (definition: SessionDefinition) (snapshot: Snapshot) (record: SessionRecord) (mustWin: bool) =
        let place = snapshot.Place
        let taken = NewRecord.taken place.Key record

        if not mustWin then
            StoredRecord.replace definition place record.Version taken
        else
            ValueTask<Outcome voption>(
                task {
                    let! _ = StoredRecord.delete definition place.Key
                    let! _ = StoredRecord.create definition place taken
                    return ValueNone
                }
            )

    /// Ends the session, if the policy says so, and answers what it is for this request, which shows a copy, or whose token
    /// was copied. `again` judges what another request has stored meanwhile.
    let suspect
        (definition: SessionDefinition)
        (sign: TheftSign)
        (snapshot: Snapshot)
        (mustWin: bool)
        (again: Snapshot -> ValueTask<Arrived>)
        : ValueTask<Arrived> =
        let ofRequest (found: Snapshot) = found.LookedAt snapshot.Since
        let answer found : Arrived = { Found = ofRequest found; Cookie = CookieChange.None }
        let taken = Snapshot.taken definition snapshot.Place

        match definition.Settings.OnTheft, snapshot.Record with
        | OnTheft.Revoke, ValueSome record ->
            ValueTask<Arrived>(
                task {
                    match! replace definition snapshot record mustWin with
                    | ValueNone ->
                        do! StoreDevices.forget definition [ record.State ]
                        tell definition sign snapshot
                        return answer taken
                    | ValueSome(Outcome.Conflict current) ->
                        return! again (ofRequest (Snapshot.ofRecord definition snapshot.Place current))
                    | ValueSome _ -> return answer (Snapshot.gone definition snapshot.Place)
                }
            )
        | _ ->
            if definition.Thefts.IsNew(snapshot.Place.Key, snapshot.Place.Token.Generation) then
                tell definition sign snapshot

            ValueTask<Arrived>(answer taken)
