namespace Runa.Session.Hosting

open System
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session

/// What the response of a sign-in tells a browser that can bind the session to its device.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type DeviceOffer =
    {
        /// The name of the session.
        Session: string
        /// What the device signs.
        Challenge: string
    }

/// What a host does to bind sessions to devices.
[<RequireQualifiedAccess>]
module HostedDevices =
    /// Answers the browser for a session of this name.
    [<Sealed>]
    type Endpoint internal (protocol: DeviceProtocol) =
        /// Answers the header Secure-Session-Response of a browser that registers its device.
        member _.Register(proof: string) : Task<DeviceReply> = protocol.Register proof

        /// Answers a browser whose bound cookie ends soon, or has ended, for the header Sec-Secure-Session-Id. Without a proof it
        /// gets a challenge. Never touches the session.
        member _.Refresh(id: string, proof: string option, cookies: StringValues) : Task<DeviceReply> =
            protocol.Refresh(id, proof, cookies)

    /// The sessions of this registry that are bound to devices, by name.
    let endpoints (registry: SessionRegistry) : (string * Endpoint) list =
        [ for definition in registry.Definitions do
              match definition.Devices with
              | ValueSome devices -> definition.Name, Endpoint(DeviceProtocol(registry.Find definition.Name, devices))
              | ValueNone -> () ]

    /// What the response offers: only the one that sets the cookie of a sign-in, since who comes later could be a thief.
    let offer (scope: SessionScope) : DeviceOffer voption =
        let work = scope.Work

        match work.Definition.Devices, work.Snapshot with
        | ValueNone, _
        | _, null -> ValueNone
        | ValueSome devices, snapshot ->
            let state = snapshot.State

            match state.Device, state.Owner with
            | Some(DeviceBinding.Offered id), Some owner when work.Cookie.IsSet && work.Offered = id ->
                let now = snapshot.Definition.Now
                let ends = Binding.deviceEnd now snapshot.Definition.Settings.Ttl state
                work.Definition.Telemetry.DeviceOffered()

                ValueSome
                    { Session = work.Definition.Name
                      Challenge =
                        devices.Challenges.Write(DeviceChallenge.Register(id, owner, ends, now + Binding.cookieLife)) }
            | _ -> ValueNone
