namespace Runa.Session.Benchmarks

open System
open System.Buffers.Text
open System.Security.Cryptography
open System.Text
open System.Threading
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.Hosting

/// What a read costs of a session whose copies are worthless: its token rotates, or it is bound to its device.
module CopiedCookies =
    let private host (cookies: string) : IScopeHost =
        { new IScopeHost with
            member _.Cookies = if cookies = "" then StringValues.Empty else StringValues cookies
            member _.Arrived = DateTimeOffset.UtcNow
            member _.IsKnown _ = false
            member _.MayBindDevice = true
            member _.IsPrefetch = false
            member _.CanSendCookie = true
            member _.Look _ = ()
            member _.IsTooLate = false
            member _.Watch() = ()
            member _.IsCurrent = true
            member _.Opened() = ()
            member _.Closed _ = () }

    let private text (cookies: SessionCookie list) : string =
        String.Join(
            "; ",
            [ for cookie in cookies do
                  for line in cookie.Lines -> $"{line.Name}={ValueOption.defaultValue String.Empty line.Value}" ]
        )

    /// What a device sends that registers.
    let private proof (challenge: string) : string =
        use key = ECDsa.Create ECCurve.NamedCurves.nistP256
        let part (text: string) = Base64Url.EncodeToString(ReadOnlySpan(Encoding.UTF8.GetBytes text))
        let point = (key.ExportParameters false).Q
        let coordinate (bytes: byte[] | null) = Base64Url.EncodeToString(ReadOnlySpan bytes)

        let header =
            $"""{{"typ":"dbsc+jwt","alg":"ES256","jwk":{{"crv":"P-256","kty":"EC","x":"{coordinate point.X}","y":"{coordinate point.Y}"}}}}"""

        let signed = $"""{part header}.{part $"{{\"jti\":\"{challenge}\"}}"}"""
        let signature = key.SignData(Encoding.ASCII.GetBytes signed, HashAlgorithmName.SHA256)
        $"{signed}.{Base64Url.EncodeToString(ReadOnlySpan signature)}"

    /// The cookies of somebody who has signed in, and whose device has registered if it was offered that.
    let private signedIn (registry: SessionRegistry) : string =
        let scope = HostedRegistry.scope "web" (host "") registry
        let fill (session: Session) = struct (RunaApps.fillThree session |> Session.signIn "ann", ())

        scope.Step(WhenGone.StepAgain, fill, CancellationToken.None).GetAwaiter().GetResult() |> ignore

        let own = text (HostedScopes.cookies "localhost" "" "/" scope)

        match HostedDevices.offer scope, HostedDevices.endpoints registry with
        | ValueSome offer, [ _, endpoint ] ->
            match endpoint.Register(proof offer.Challenge).GetAwaiter().GetResult() with
            | DeviceReply.Passed pass -> $"{own}; {text [ pass.Cookie ]}"
            | _ -> failwith "the registration was refused"
        | _ -> own

    let private case (name: string) (change: SessionSettings -> SessionSettings) : Case =
        let driver = MemoryDriver.create ()

        let setup =
            SessionSetup.driver "memory" driver
            >> SessionSetup.application "benchmarks"
            >> SessionSetup.session "web" (fun o -> change { o with Ttl = TimeSpan.FromHours 12. })

        let registry = SessionRegistry.create (setup (SessionSetup.secrets [ Apps.secret ] SessionSetup.empty))

        let cookies = signedIn registry
        let app = (RunaApps.app setup RunaApps.fillThree RunaApps.readThree).AskedBy [| cookies |]
        // The first one brings a binding into force.
        app.Request().GetAwaiter().GetResult()
        Case.make name app.Request

    let private plain = "signed in"
    let private rotating = "signed in, `rotate`"
    let private bound = "signed in, bound to its device"
    let private both = "signed in, `rotate`, bound to its device"

    let private rotate (o: SessionSettings) = { o with Rotate = Some(TimeSpan.FromHours 11.) }

    let private bind (o: SessionSettings) = { o with DeviceBound = DeviceBound.Offer }

    let run (output: Output) : unit =
        let cases =
            [ Case.make "bare" (Apps.bare ()).Request
              case plain id
              case rotating rotate
              case bound bind
              case both (rotate >> bind) ]

        let measured = Rounds.measure 80 cases
        let bare = measured["bare"]

        Report.table
            [ "`readSession` of a session"; "over the bare request"; "allocated" ]
            [ for case in cases.Tail do
                  let it = measured[case.Name]

                  [ case.Name
                    $"{Report.number 0 (it.Nanoseconds - bare.Nanoseconds)} ns"
                    $"{Report.number 0 (it.Bytes - bare.Bytes)} B" ] ]
        |> output.Show "copied cookies"

        let ratio name target =
            let whole = measured[name].Nanoseconds - bare.Nanoseconds
            Report.ratio
                $"in process, read: {name} / {plain}"
                (Some(whole / (measured[plain].Nanoseconds - bare.Nanoseconds)))
                (AtMost target)

        output.Show "targets" (Report.ratios [ ratio rotating 1.3; ratio bound 1.3; ratio both 1.3 ])
