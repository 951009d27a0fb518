namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session.Hosting

/// Which session a request of the browser itself carries, beside the id of the device.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type private Carried =
    /// None, or one that says nothing about the device: the browser often sends no cookies.
    | Unknown
    /// The session of the device.
    | Its of Snapshot
    /// The session of the device has ended, or has another device now.
    | Ended

/// Answers browsers that register a device, or let it prove itself. A proof is good once: accepting it replaces the device's
/// record of the version that its challenge names.
[<Sealed>]
type internal DeviceProtocol(home: Home, devices: Devices) =
    let definition = home.Definition
    let asked (outcome: string) = definition.Telemetry.DeviceAsked outcome

    /// Browsers hold all requests of the site back until a refresh is answered.
    let inTime (answering: Task<DeviceReply>) : Task<DeviceReply> =
        task {
            try
                return! answering.WaitAsync(TimeSpan.FromSeconds 5.)
            with
            | :? TimeoutException
            | :? SessionStoreException ->
                asked "failed"
                return DeviceReply.Unavailable
        }

    let refused (status: int) : DeviceReply =
        asked "refused"
        DeviceReply.Refused status

    let challenge (id: string) (version: RecordVersion) : string =
        devices.Challenges.Write(DeviceChallenge.Refresh(id, version, definition.Now + Binding.challengeLife))

    /// The answer names what the device signs next, which saves the browser a round trip.
    let passed (id: string) (version: RecordVersion) : DeviceReply =
        let value = devices.Cookies.Make(id, definition.Now + Binding.cookieLife)

        let line: CookieLine =
            { Name = devices.Cookie.Name; Value = ValueSome value; MaxAge = Binding.cookieLife }

        DeviceReply.Passed
            { Id = id
              Cookie = { Cookie = devices.Cookie; Lines = [ line ] }
              Challenge = challenge id version }

    let challenged (id: string) (device: KnownDevice) : DeviceReply =
        asked "challenged"
        DeviceReply.Challenged(id, challenge id device.Record.Version)

    /// The same challenge and key again is the same registration: browsers repeat one whose answer was lost.
    let register (id: string) (owner: string) (ends: DateTimeOffset) (key: DeviceKey) : Task<DeviceReply> =
        task {
            let! created = StoreDevices.create definition devices id owner ends key

            let! known =
                match created with
                | ValueSome _ -> Task.FromResult created
                | ValueNone -> StoreDevices.load definition devices id

            match known with
            | ValueSome known when DeviceKey.toJson known.Key = DeviceKey.toJson key ->
                asked "registered"
                return passed id known.Record.Version
            | _ -> return refused 409
        }

    let carried (id: string) (cookies: StringValues) : Task<Carried> =
        task {
            let! found = home.Load cookies

            match Binding.deviceId found.State with
            | _ when not (found.IsActive || found.Status.HasEnded) -> return Carried.Unknown
            // It may have moved to a new id a moment ago.
            | _ when found.IsSuperseded || found.Remains.IsUnreadable -> return Carried.Unknown
            | Some its when its = id -> return Carried.Its found
            | _ -> return Carried.Ended
        }

    /// Ends the session whose device did not sign the proof, if the policy says so.
    let rec suspect (tried: int) (snapshot: Snapshot) : ValueTask<Arrived> =
        if snapshot.IsActive then
            let mustWin = tried >= ArrivalWrite.most
            StoreTheft.suspect definition TheftSign.WrongKey snapshot mustWin (suspect (tried + 1))
        else
            ValueTask<Arrived>({ Found = snapshot; Cookie = CookieChange.None }: Arrived)

    let wrongKey (id: string) (device: KnownDevice) (carried: Carried) : Task<DeviceReply> =
        task {
            asked "wrong_key"

            match carried with
            | Carried.Its snapshot ->
                let! _ = suspect 0 snapshot
                return DeviceReply.Refused 401
            // Anybody may know the id. Only who has the session's cookie can have stolen it.
            | Carried.Unknown
            | Carried.Ended -> return DeviceReply.Challenged(id, challenge id device.Record.Version)
        }

    let accept (id: string) (device: KnownDevice) (carried: Carried) : Task<DeviceReply> =
        task {
            let ends =
                match carried with
                | Carried.Its snapshot ->
                    ValueSome(Binding.deviceEnd definition.Now definition.Settings.Ttl snapshot.State)
                | Carried.Unknown
                | Carried.Ended -> ValueNone

            match! StoreDevices.accept definition devices id device ends with
            | ValueSome version ->
                asked "refreshed"
                return passed id version
            | ValueNone ->
                // Another proof was first: the browser asks once more.
                match! StoreDevices.load definition devices id with
                | ValueSome device -> return challenged id device
                | ValueNone -> return refused 401
        }

    let prove (id: string) (device: KnownDevice) (proof: DeviceProof) (carried: Carried) : Task<DeviceReply> =
        match devices.Challenges.Read(definition.Now, proof.Challenge) with
        | ChallengeReading.Good(DeviceChallenge.Refresh(its, version, _)) when
            its = id && version = device.Record.Version && proof.Key.IsNone
            ->
            if DeviceProof.isSignedBy device.Key proof then
                accept id device carried
            else
                wrongKey id device carried
        | _ -> Task.FromResult(challenged id device)

    /// Answers a proof with a key. Seal and end of the challenge are checked before the signature, which takes longer.
    member _.Register(field: string) : Task<DeviceReply> =
        match DeviceProof.read field with
        | Ok({ Key = Some key } as proof) ->
            match devices.Challenges.Read(definition.Now, proof.Challenge) with
            | ChallengeReading.Good(DeviceChallenge.Register(id, owner, ends, _)) when DeviceProof.isSignedBy key proof ->
                inTime (register id owner ends key)
            | ChallengeReading.Expired(DeviceChallenge.Register _) -> Task.FromResult(refused 401)
            | _ -> Task.FromResult(refused 400)
        | _ -> Task.FromResult(refused 400)

    /// Answers a device that is to prove itself again. `field`: the header with its proof. None: the browser asks for a
    /// challenge. `cookies`: the raw Cookie header. Never touches the session: a refresh is no activity.
    member _.Refresh(id: string, field: string option, cookies: StringValues) : Task<DeviceReply> =
        inTime (
            task {
                if (DeviceId.tryBytes id).IsNone then
                    return refused 401
                else
                    match! StoreDevices.load definition devices id with
                    | ValueNone -> return refused 401
                    | ValueSome device ->
                        let! carried = carried id cookies

                        match carried, field |> Option.map DeviceProof.read with
                        // The device stays: with a session of their own, anybody who knows its id could come here.
                        | Carried.Ended, _ -> return refused 401
                        | carried, Some(Ok proof) -> return! prove id device proof carried
                        | _ -> return challenged id device
            }
        )
