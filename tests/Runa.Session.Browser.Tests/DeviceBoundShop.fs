/// A shop whose sessions are bound to devices, and its visitors.
module internal Runa.Session.Browser.Tests.DeviceBoundShop

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Time.Testing
open Microsoft.Playwright
open Runa.Session
open Runa.Session.TestSupport

let private revoked: HttpHandler =
    withSessionTask "web" (fun context session ->
        task {
            let registry = context.RequestServices.GetRequiredService<SessionRegistry>()
            let! count = registry |> SessionRegistry.revokeOthers session CancellationToken.None
            return session, page $"Ended {count}."
        })

let private state (session: Session) : string =
    let owner = Session.owner session |> Option.defaultValue "nobody"
    $"{Session.status session} {Session.device session} {owner}"

let private handler: HttpHandler =
    fun next context ->
        match context.Request.Path.Value with
        | "/in" -> withSession "web" (fun session -> Session.signIn "ada" session, page "Signed in.") next context
        | "/out" -> withSession "web" (fun session -> Session.signOut session, page "Signed out.") next context
        | "/revoke" -> revoked next context
        | "/" -> readSession "web" (state >> page) next context
        | _ -> Task.FromResult None

/// The notice of the front page for the device that the session is bound to.
let bound = "Active Bound ada"

/// The notice for somebody who has a copy of the session's cookie only.
let unproven = "Unproven Unbound nobody"

/// The notice where the session was ended, and the browser still has its cookie.
let ended = "Expired Unbound nobody"

/// The notice for a stranger.
let signedOut = "New Unbound nobody"

/// A browser that binds sessions to its device.
type Visitor =
    { Page: IPage
      Events: DeviceBoundEvents }

    member visitor.Browser = visitor.Page.Context

    /// Signs in, waits until the browser has registered its device, and shows the bound cookie once.
    member visitor.SignIn() : Task<unit> =
        task {
            do! go visitor.Page "/in"
            do! visitor.Events.Expect DeviceBoundEvent.Registered
            do! visitor.Page |> sees bound
        }

    /// As the browser does when its time is over.
    member visitor.LoseBoundCookie() : Task = removeCookie boundCookie visitor.Browser

/// Certificate, clock and sessions of a shop, which outlive its process.
type Shop =
    { Certificate: Certificate
      Clock: FakeTimeProvider
      Store: SessionDriver }

    /// Serves the shop on this port; 0: on a free one.
    member shop.Serve(port: int) : Task<App> =
        let onDevices =
            SessionSetup.session "web" (fun o ->
                { o with DeviceBound = DeviceBound.Offer; Ttl = TimeSpan.FromHours 8. })

        start
            { (host handler |> HttpsHost.onPort port shop.Certificate) with
                Clock = shop.Clock
                Setup = SessionSetup.driver "memory" shop.Store >> onDevices }

    /// Visits it with a browser on this profile.
    member shop.Visit(app: App, profile: string, visit: Visitor -> Task<unit>) : Task<unit> =
        DeviceBoundChromium.onProfile profile shop.Certificate (HttpsHost.addressOf app) (fun page ->
            task {
                let! events = DeviceBoundEvents.Of page
                do! visit { Page = page; Events = events }
            })

/// A test in a shop, with a folder for a profile.
let withShop (name: string) (visit: Shop -> App -> string -> Task<unit>) : Test =
    testTask name {
        do! DeviceBoundChromium.need ()
        // The clock begins now, as browsers drop cookies by theirs.
        let clock = FakeTimeProvider DateTimeOffset.UtcNow
        let shop = { Certificate = Certificate.fresh (); Clock = clock; Store = MemoryDriver.create clock }
        let! (app: App) = shop.Serve 0
        use _ = app :> IAsyncDisposable
        let profile = Directory.CreateTempSubdirectory "runa-profile-"

        try
            do! visit shop app profile.FullName
        finally
            profile.Delete true
    }

/// A test with a visitor.
let inShop (name: string) (visit: App -> Visitor -> Task<unit>) : Test =
    withShop name (fun shop app profile -> shop.Visit(app, profile, visit app))

/// A browser that takes the certificate in spite of its errors. So it binds nothing to its device.
let otherBrowser (address: Uri) : Task<IBrowserContext> =
    Chromium.newBrowser (BrowserNewContextOptions(BaseURL = string address, IgnoreHTTPSErrors = true))

/// Another browser with a copy of all cookies but the bound one, which malware may have found too late.
let thiefOf (browser: IBrowserContext) (address: Uri) : Task<IBrowserContext> =
    task {
        let! thief = otherBrowser address
        do! copyCookies browser thief
        do! removeCookie boundCookie thief
        return thief
    }
