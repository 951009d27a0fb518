/// Requests without HTTP for sessions that are bound to devices, and what their browsers ask by themselves.
module internal Runa.Session.Tests.BoundShops

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Primitives
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.TestSupport.CookieJar
open Runa.Session.Tests.Devices
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Visits

/// An application with one session, "web", whose sign-ins offer bindings.
let boundShopWith (change: SessionSettings -> SessionSettings) (driverOf: FakeTimeProvider -> SessionDriver) : Shop =
    let clock = clock ()
    let bound o = change { o with DeviceBound = DeviceBound.Offer }
    Shop(clock, driverOf clock, SessionSetup.session "web" bound)

let boundShop () : Shop = boundShopWith id memory

/// A browser and its device. `Challenge`: what the device signs next.
[<NoComparison; NoEquality>]
type User = { Jar: CookieJar; Device: Device; Id: string; Challenge: string }

let endpoint (shop: Shop) : HostedDevices.Endpoint = snd (HostedDevices.endpoints shop.Registry).Head

let cookiesOf (jar: CookieJar) : StringValues = StringValues(Option.toObj (CookieJar.header jar))

/// What one response said: what the step saw, the cookies, and the offer.
[<NoComparison; NoEquality>]
type Response = { Saw: Session; SetCookies: string list; Jar: CookieJar; Offer: DeviceOffer voption }

/// A request that comes now with these cookies.
let request (shop: Shop) (jar: CookieJar) (change: Session -> Session) : Response =
    let scope = shop.Scope { shop.Visit "" with Cookies = cookiesOf jar }
    let step (session: Session) = struct (change session, session)

    let struct (seen, _) =
        scope.Step(WhenGone.StepAgainUnlessOwned, step, CancellationToken.None).AsTask() |> wait

    let lines =
        [ for cookie in HostedScopes.cookies "localhost" "" "/" scope do
              for line in cookie.Lines -> cookie.Cookie.Text(line, true) ]

    { Saw = seen; SetCookies = lines; Jar = keep jar lines; Offer = HostedDevices.offer scope }

let look (shop: Shop) (jar: CookieJar) : Session = (request shop jar id).Saw

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

/// The browser after the answer.
let after (user: User) (reply: DeviceReply) : User =
    match reply with
    | DeviceReply.Passed pass ->
        { user with
            Jar = keep user.Jar [ for line in pass.Cookie.Lines -> pass.Cookie.Cookie.Text(line, true) ]
            Id = pass.Id
            Challenge = pass.Challenge }
    | _ -> user

let registerBy (shop: Shop) (device: Device) (challenge: string) : DeviceReply =
    wait ((endpoint shop).Register(registration device challenge))

/// Signs in as the step does: what the browser holds before it registers, and what it is offered.
let offered (shop: Shop) (jar: CookieJar) (change: Session -> Session) : CookieJar * string =
    let response = request shop jar change
    response.Jar, response.Offer.Value.Challenge

/// Signs in, and registers.
let registered (shop: Shop) (owner: string) : User =
    let device = ecDevice ()
    let jar, challenge = offered shop empty (Session.signIn owner)
    let reply = registerBy shop device challenge
    statusOf reply |> Expect.equal "registered" 200
    after { Jar = jar; Device = device; Id = ""; Challenge = "" } reply

/// Signs in, registers, and shows the bound cookie.
let boundUser (shop: Shop) (owner: string) : User =
    let user = registered shop owner
    Session.device (look shop user.Jar) |> Expect.equal "in force" SessionDevice.Bound
    user

let boundCookie (shop: Shop) : string = shop.Definition.Devices.Value.Cookie.Name

/// A copy of the session's cookie, without the bound one.
let unproven (shop: Shop) (user: User) : CookieJar = user.Jar.Remove(boundCookie shop)

/// The browser asks, with this header, and these cookies.
let ask (shop: Shop) (id: string) (field: string option) (jar: CookieJar) : DeviceReply =
    wait ((endpoint shop).Refresh(id, field, cookiesOf jar))

/// A refresh without cookies, signed by the user's device.
let bareRefreshBy (shop: Shop) (user: User) (challenge: string) : DeviceReply =
    ask shop user.Id (Some(refresh user.Device challenge)) empty

/// A refresh with the browser's cookies.
let refreshBy (shop: Shop) (user: User) (challenge: string) : DeviceReply =
    ask shop user.Id (Some(refresh user.Device challenge)) user.Jar

/// What the user's next refresh is answered, whatever came of earlier challenges. It carries no cookie.
let refreshes (shop: Shop) (user: User) : int =
    match ask shop user.Id None empty with
    | DeviceReply.Challenged(_, challenge) -> statusOf (bareRefreshBy shop user challenge)
    | reply -> statusOf reply
