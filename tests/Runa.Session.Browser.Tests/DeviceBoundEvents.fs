namespace Runa.Session.Browser.Tests

open System
open System.Collections.Generic
open System.Text.Json
open System.Threading.Channels
open System.Threading.Tasks
open Expecto
open Microsoft.Playwright

/// What Chromium did about a session that is bound to its device.
[<RequireQualifiedAccess>]
type DeviceBoundEvent =
    | Registered
    | Refreshed
    | Ended of reason: string
    /// A registration or a refresh came to nothing.
    | Failed of reason: string

/// Hears what the browser of a page did, in its order, from the protocol of developer tools.
[<Sealed>]
type DeviceBoundEvents private (heard: Channel<DeviceBoundEvent>) =

    static let read (told: JsonElement) : DeviceBoundEvent option =
        let reason (details: string) (name: string) =
            match told.TryGetProperty details with
            | true, found -> Some(string (found.GetProperty name))
            | _ -> None

        match
            reason "creationEventDetails" "fetchResult",
            reason "refreshEventDetails" "refreshResult",
            reason "terminationEventDetails" "deletionReason"
        with
        | Some "Success", _, _ -> Some DeviceBoundEvent.Registered
        | _, Some "Refreshed", _ -> Some DeviceBoundEvent.Refreshed
        | _, _, Some reason -> Some(DeviceBoundEvent.Ended reason)
        | Some reason, _, _
        | _, Some reason, _ -> Some(DeviceBoundEvent.Failed reason)
        // The browser was given a challenge.
        | None, None, None -> None

    /// From now on.
    static member Of(page: IPage) : Task<DeviceBoundEvents> =
        task {
            let heard = Channel.CreateUnbounded<DeviceBoundEvent>()
            let! tools = page.Context.NewCDPSessionAsync page

            let hear (told: Nullable<JsonElement>) = read told.Value |> Option.iter (heard.Writer.TryWrite >> ignore)

            tools.Event("Network.deviceBoundSessionEventOccurred").OnEvent.Add hear
            let! _ = tools.SendAsync "Network.enable"
            let! _ =
                tools.SendAsync("Network.enableDeviceBoundSessions", Dictionary [ KeyValuePair("enable", true :> obj) ])
            return DeviceBoundEvents heard
        }

    /// Fails unless this is the next one that was not yet looked at, or if there is none for 30 seconds.
    member _.Expect(expected: DeviceBoundEvent) : Task<unit> =
        task {
            let! happened = heard.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds 30.)
            Expect.equal happened expected "what the browser did for its device"
        }

    /// Fails unless the browser asked for a bound cookie next, was refused, and forgot the session.
    member events.ExpectRefusal() : Task<unit> =
        task {
            do! events.Expect(DeviceBoundEvent.Failed "FatalError")
            do! events.Expect(DeviceBoundEvent.Ended "RefreshFatalError")
        }
