namespace Runa.Session

open System.Threading.Tasks

/// What a stored session is for a request, by its bound cookie.
module internal StoreBinding =
    /// Whether the request has a bound cookie of the device that was good when the request came.
    let private shows (devices: Devices) (arrival: Arrival) (id: string) : bool =
        let mutable walk = CookieWalk(arrival.Cookies, devices.Cookie.Name)
        let mutable tried = 0
        let mutable isShown = false

        while not isShown && tried < CookieWalk.MostCandidates && walk.Next() do
            tried <- tried + 1
            isShown <- devices.Cookies.Shows(walk.Text, id, arrival.At - Binding.slack)

        isShown

    let private refuse
        (definition: SessionDefinition)
        (snapshot: Snapshot)
        (record: SessionRecord)
        : ValueTask<Arrived> =
        definition.Telemetry.Unproven()

        if not (Binding.isBound snapshot.State) && definition.Hints.TryGive "unbound" then
            TheftLog.unbound definition.Log definition.Name

        let unproven = (Snapshot.unproven definition snapshot.Place record).LookedAt snapshot.Since
        ValueTask<Arrived>({ Found = unproven; Cookie = CookieChange.None }: Arrived)

    /// Judges the request, and goes on with `next` if it may come from the session's device.
    let rec arrive
        (definition: SessionDefinition)
        (devices: Devices)
        (next: Arrival -> Snapshot -> ValueTask<Arrived>)
        (tried: int)
        (arrival: Arrival)
        (snapshot: Snapshot)
        : ValueTask<Arrived> =
        match snapshot.Record with
        | ValueSome record when snapshot.IsActive && not arrival.IsKnown ->
            let isShown =
                match snapshot.State.Device with
                | Some(DeviceBinding.Offered id)
                | Some(DeviceBinding.Bound id) -> shows devices arrival id
                | None -> false

            match Binding.judge definition.Settings.DeviceBound arrival.At snapshot.State isShown with
            | Proof.Given
            | Proof.NotNeeded -> next arrival snapshot
            | Proof.Missing -> refuse definition snapshot record
            | Proof.First when arrival.IsPeek || tried >= ArrivalWrite.most -> next arrival snapshot
            | Proof.First -> ValueTask<Arrived>(bind definition devices next tried arrival snapshot record)
        | _ -> next arrival snapshot

    and private bind definition devices next tried arrival snapshot record : Task<Arrived> =
        task {
            let bound = Binding.bound snapshot.State

            match! ArrivalWrite.run definition TheftLog.notBound snapshot record bound with
            | ArrivalWritten.Stored stored ->
                definition.Telemetry.DeviceBound()
                return! next arrival stored
            | ArrivalWritten.Overtaken now -> return! arrive definition devices next (tried + 1) arrival now
            | ArrivalWritten.Failed -> return! next arrival snapshot
        }
