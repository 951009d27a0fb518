namespace Runa.Session

open System

/// What a request is to a session, by its bound cookie.
[<Struct; RequireQualifiedAccess>]
type internal Proof =
    /// The session is bound, and the request comes from its device.
    | Given
    /// The session is not bound, and need not be.
    | NotNeeded
    /// The first request that shows the bound cookie: from now on, the session is bound.
    | First
    /// The session is bound, or must be, and the request does not come from its device as far as is known.
    | Missing

/// How sessions are bound to devices. Pure. docs/understand/commit.md has a table.
module internal Binding =
    /// How long browsers keep the bound cookie. They have quotas on signing: 6 times in 9 minutes.
    let cookieLife = TimeSpan.FromMinutes 10.

    /// How long after its end the bound cookie is still good: the clocks of nodes may differ by that much (promise 28).
    let slack = SessionDriver.clockTolerance

    /// How long a session that must be bound may live without, after the sign-in: browsers register within seconds.
    let patience = Rotation.grace

    /// How long a device may take to sign a challenge: the browser keeps it until its next refresh.
    let challengeLife = cookieLife + slack + slack

    /// Until when the store keeps the device: longer than its session can live, if a request prolongs it, or the owner signs in
    /// again, before the bound cookie of this moment has ended. Only a refresh comes back to the device.
    let deviceEnd (now: DateTimeOffset) (ttl: TimeSpan) (state: SessionState) : DateTimeOffset =
        let lifetime = max ttl (state.ExpiresAt - SessionState.startedAt state)
        now + lifetime + cookieLife + slack + slack

    let private isLate (arrived: DateTimeOffset) (state: SessionState) : bool =
        arrived.UtcTicks - (SessionState.startedAt state).UtcTicks >= patience.Ticks

    /// `arrived`: when the request came. `isShown`: whether it has a good bound cookie of the session's device.
    let judge (setting: DeviceBound) (arrived: DateTimeOffset) (state: SessionState) (isShown: bool) : Proof =
        if state.Owner.IsNone then
            Proof.NotNeeded
        else
            match state.Device with
            | Some(DeviceBinding.Bound _) -> if isShown then Proof.Given else Proof.Missing
            | Some(DeviceBinding.Offered _) when isShown -> Proof.First
            | _ when setting.IsRequire && isLate arrived state -> Proof.Missing
            | _ -> Proof.NotNeeded

    /// The binding comes into force.
    let bound (state: SessionState) : SessionState =
        match state.Device with
        | Some(DeviceBinding.Offered id) -> { state with Device = Some(DeviceBinding.Bound id) }
        | _ -> state

    /// Whether only requests of its device are the session's.
    let isBound (state: SessionState) =
        match state.Device with
        | Some(DeviceBinding.Bound _) -> true
        | _ -> false

    /// The device of a session that gets a new id. `before`: what the request found, empty if it was not the device's. `offers`:
    /// the browser can be offered a binding.
    let private next (offers: bool) (before: SessionState) (after: SessionState) : DeviceBinding option =
        if after.Owner.IsNone then
            None
        elif not (SessionState.isSignIn before after) || (isBound before && before.Owner = after.Owner) then
            before.Device
        elif offers then
            Some(DeviceBinding.Offered(DeviceId.create ()))
        else
            None

    let private settled offers (before: SessionState) (state: SessionState) : SessionState =
        match next offers before state with
        | device when device = state.Device -> state
        | device -> { state with Device = device }

    let private nobody (snapshot: Snapshot) : SessionState = SessionState.fresh snapshot.Now TimeSpan.Zero

    /// The plan with the device of a session that gets a new id. Every request comes here, so all others allocate nothing.
    let settle (offers: bool) (snapshot: Snapshot) (plan: Plan) : Plan =
        match plan with
        | Plan.Create state -> Plan.Create(settled offers (nobody snapshot) state)
        | Plan.DeleteThenCreate state -> Plan.DeleteThenCreate(settled offers (nobody snapshot) state)
        | Plan.Rekey state -> Plan.Rekey(settled offers snapshot.State state)
        | plan -> plan

    /// The id of the state's device.
    let deviceId (state: SessionState) : string option =
        match state.Device with
        | Some(DeviceBinding.Offered id)
        | Some(DeviceBinding.Bound id) -> Some id
        | None -> None
