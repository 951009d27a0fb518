/// Requests that arrive at a host at a time of their own, with a cookie, for a session whose token is rotated.
module internal Runa.Session.Tests.Visits

open System
open System.Threading
open System.Threading.Tasks
open Expecto.Flip
open Microsoft.Extensions.Primitives
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

/// What the request is for its host.
type Visit = { Cookies: StringValues; Arrived: DateTimeOffset; CanSendCookie: bool; IsPrefetch: bool }

/// A host without HTTP.
let hostOf (visit: Visit) : IScopeHost =
    { new IScopeHost with
        member _.Cookies = visit.Cookies
        member _.Arrived = visit.Arrived
        member _.IsPrefetch = visit.IsPrefetch
        member _.IsKnown _ = false
        member _.MayBindDevice = true
        member _.CanSendCookie = visit.CanSendCookie
        member _.Look _ = ()
        member _.IsTooLate = false
        member _.Watch() = ()
        member _.IsCurrent = true
        member _.Opened() = ()
        member _.Closed _ = () }

/// An application with one session, "web", that rotates every 15 minutes.
type Shop(clock: FakeTimeProvider, driver: SessionDriver, extend: SessionSetup -> SessionSetup) =
    let registry = SessionRegistry.create (setup clock driver |> extend)

    static let every = Some(TimeSpan.FromMinutes 15.)

    new(change: SessionSettings -> SessionSettings, driverOf: FakeTimeProvider -> SessionDriver) =
        let clock = clock ()
        Shop(clock, driverOf clock, SessionSetup.session "web" (fun o -> change { o with Rotate = every }))

    /// With listeners to its events.
    new(listen: SessionEvent -> CancellationToken -> ValueTask) =
        let clock = clock ()
        let rotating = SessionSetup.session "web" (fun o -> { o with Rotate = every })
        Shop(clock, memory clock, SessionSetup.events listen >> rotating)

    member _.Clock = clock
    member _.Driver = driver
    member _.Registry = registry
    member _.Definition = Engine.definition registry "web"
    member _.Pass(minutes: float) = clock.Advance(TimeSpan.FromMinutes minutes)
    member shop.Header(token: string) = header shop.Definition token

    /// A request that comes now.
    member shop.Visit(token: string) : Visit =
        { Cookies = shop.Header token
          Arrived = clock.GetUtcNow()
          CanSendCookie = true
          IsPrefetch = false }

    member _.Scope(visit: Visit) : SessionScope = HostedRegistry.scope "web" (hostOf visit) registry

/// What a response said: how the session was, and the token in its cookie, if it set one.
type Said = { Status: SessionStatus; Owner: string option; Count: int; Token: string option }

/// The token that the response would set now.
let tokenNow (scope: SessionScope) : string option =
    match scope.Work.Cookie with
    | CookieChange.Set(token, _, _) -> Some(string token)
    | _ -> None

let private said (scope: SessionScope) (session: Session) : Said =
    { Status = Session.status session
      Owner = Session.owner session
      Count = Session.getOr count 0 session
      Token = tokenNow scope }

/// As readSession does.
let readAs (shop: Shop) (visit: Visit) : Said =
    let scope = shop.Scope visit
    let session = (scope.Load CancellationToken.None).AsTask() |> wait
    said scope session

let read (shop: Shop) (token: string) : Said = readAs shop (shop.Visit token)

/// As withSession does.
let changeAs (shop: Shop) (visit: Visit) (change: Session -> Session) : Said =
    let scope = shop.Scope visit
    let step (session: Session) = struct (change session, session)

    let struct (session, _) =
        scope.Step(WhenGone.StepAgainUnlessOwned, step, CancellationToken.None).AsTask() |> wait

    said scope session

let change (shop: Shop) (token: string) (step: Session -> Session) : Said = changeAs shop (shop.Visit token) step

/// The token of a new session of this owner.
let signIn (shop: Shop) (owner: string) : string =
    match (change shop "" (Session.signIn owner)).Token with
    | Some token -> token
    | None -> failwith "no token was given out"

/// On the driver memory, with the defaults but for the rotation.
let shop () = Shop(id, memory)

/// A session whose token was just exchanged: the token before, and the one now, which nobody has shown yet.
let rotated (shop: Shop) =
    let before = signIn shop "ann"
    shop.Pass 15.
    before, (read shop before).Token.Value

/// The same, after the new token was shown.
let answered (shop: Shop) =
    let before, now = rotated shop
    read shop now |> ignore
    before, now

let isAlive (shop: Shop) token = (read shop token).Status = SessionStatus.Active

/// Asserts the status.
let holds (what: string) expected (found: Said) = found.Status |> Expect.equal $"{what}: the status" expected
