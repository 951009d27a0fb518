namespace Runa.Session.Conformance

open System
open System.Buffers.Text
open System.Security.Cryptography
open System.Text
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.Hosting

/// A device, as browsers that know Device Bound Session Credentials use one: its key, and the proofs that it signs.
[<Sealed>]
type internal Device() =
    let key = ECDsa.Create ECCurve.NamedCurves.nistP256
    let base64 (bytes: byte[]) = Base64Url.EncodeToString(ReadOnlySpan bytes)

    let signed (more: string) (challenge: string) : string =
        let part (json: string) = base64 (Encoding.UTF8.GetBytes json)
        let header = part $"""{{"typ":"dbsc+jwt","alg":"ES256"{more}}}"""
        let claims = part $"""{{"jti":"{challenge}"}}"""
        let data = $"{header}.{claims}"
        $"{data}.{base64 (key.SignData(Encoding.ASCII.GetBytes data, HashAlgorithmName.SHA256))}"

    /// Brings the public key along.
    member _.Registration(challenge: string) : string =
        let point = (key.ExportParameters false).Q
        let x, y = base64 (nonNull point.X), base64 (nonNull point.Y)
        signed $""","jwk":{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}""" challenge

    member _.Proof(challenge: string) : string = signed "" challenge

/// A browser whose device has registered. `Challenge`: what the registration said that the device signs next.
[<NoComparison; NoEquality>]
type internal BoundUser = { Browser: Browser; Device: Device; Id: string; Challenge: string; BoundCookie: string }

/// What browsers whose sessions are bound to devices do.
module internal BoundVisits =
    let offering (bench: Bench) (o: SessionSettings) : SessionSettings =
        { Sites.settings bench o with DeviceBound = DeviceBound.Offer }

    /// One application in two processes, which offers bindings. Its settings are changed after that.
    let sitesWith (change: SessionSettings -> SessionSettings) (bench: Bench) : Task<Site list> =
        task {
            let! drivers = bench.OpenWriters()
            let application = Site.NewApplication()

            return
                [ for driver in drivers ->
                      bench.Own(new Site(driver, bench.Clock, application, Site.Secrets, offering bench >> change)) ]
        }

    let private endpoint (site: Site) : HostedDevices.Endpoint =
        HostedDevices.endpoints site.Registry |> List.find (fun (name, _) -> name = "web") |> snd

    let private receive (browser: Browser) (pass: DevicePass) =
        browser.Receive [ for line in pass.Cookie.Lines -> pass.Cookie.Cookie.Text(line, true) ]

    /// What the endpoint answers over HTTP.
    let statusOf (reply: DeviceReply) : int =
        match reply with
        | DeviceReply.Passed _ -> 200
        | DeviceReply.Challenged _ -> 403
        | DeviceReply.Refused status -> status
        | DeviceReply.Unavailable -> 503

    /// What the answer says that the device signs next.
    let challengeOf (reply: DeviceReply) : string =
        match reply with
        | DeviceReply.Passed pass -> pass.Challenge
        | DeviceReply.Challenged(_, challenge) -> challenge
        | reply -> failtest $"{statusOf reply} has no challenge"

    let register (site: Site) (browser: Browser) (device: Device) (offer: DeviceOffer) : Task<BoundUser> =
        task {
            match! (endpoint site).Register(device.Registration offer.Challenge) with
            | DeviceReply.Passed pass ->
                receive browser pass

                return
                    { Browser = browser
                      Device = device
                      Id = pass.Id
                      Challenge = pass.Challenge
                      BoundCookie = pass.Cookie.Cookie.Name }
            | reply -> return failtest $"the registration was answered {statusOf reply}"
        }

    /// Runs a step that signs in, and registers a new device as its response says.
    let begin' (site: Site) (browser: Browser) (change: Session -> Session) : Task<BoundUser> =
        task {
            match! Visits.visit site browser change with
            | struct (_, ValueSome offer) -> return! register site browser (Device()) offer
            | _ -> return failtest "no binding was offered"
        }

    /// Signs in, and shows the bound cookie once, so that the binding is in force.
    let signIn (site: Site) (owner: string) : Task<BoundUser> =
        task {
            let! user = begin' site (Browser()) (Session.signIn owner >> Session.set Sites.text "mine")
            let! session = Visits.read site user.Browser
            Session.device session |> Expect.equal "in force" SessionDevice.Bound
            return user
        }

    /// A copy of the session's cookie without the bound one.
    let unproven (user: BoundUser) : Browser =
        let copy = user.Browser.Copy()
        copy.Receive [ $"{user.BoundCookie}=; Max-Age=0" ]
        copy

    let private ask (site: Site) (user: BoundUser) (challenge: string) (cookies: string option) : Task<DeviceReply> =
        let cookies = StringValues(Option.toObj cookies)
        (endpoint site).Refresh(user.Id, Some(user.Device.Proof challenge), cookies)

    /// A refresh by this challenge with the browser's cookies, which takes the bound cookie.
    let refreshBy (site: Site) (user: BoundUser) (challenge: string) : Task<DeviceReply> =
        task {
            let! reply = ask site user challenge user.Browser.Header

            match reply with
            | DeviceReply.Passed pass -> receive user.Browser pass
            | _ -> ()

            return reply
        }

    /// The same without any cookie, as browsers send it after a link from another site.
    let bareRefreshBy (site: Site) (user: BoundUser) (challenge: string) : Task<DeviceReply> =
        ask site user challenge None

    /// What the user's next refresh is answered, whatever came of earlier challenges. It carries no cookie.
    let refreshes (site: Site) (user: BoundUser) : Task<int> =
        task {
            match! bareRefreshBy site user "an older challenge" with
            | DeviceReply.Challenged(_, challenge) ->
                let! reply = bareRefreshBy site user challenge
                return statusOf reply
            | reply -> return statusOf reply
        }

    /// Fails if the session is not what its status is to be.
    let holds (what: string) (status: SessionStatus) (session: Session) : unit =
        Session.status session |> Expect.equal $"{what}: the status" status
