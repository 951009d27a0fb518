namespace Runa.Session.Conformance

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.Hosting

/// Requests as a web host makes them: they arrive at a time, and their responses set cookies.
module internal Visits =
    let private hostOf (browser: Browser) (arrived: DateTimeOffset) : IScopeHost =
        { new IScopeHost with
            member _.Cookies = StringValues(Option.toObj browser.Header)
            member _.Arrived = arrived
            member _.IsPrefetch = false
            member _.IsKnown _ = false
            member _.MayBindDevice = true
            member _.CanSendCookie = true
            member _.Look _ = ()
            member _.IsTooLate = false
            member _.Watch() = ()
            member _.IsCurrent = true
            member _.Opened() = ()
            member _.Closed _ = () }

    let private receive (browser: Browser) (scope: SessionScope) =
        browser.Receive
            [ for cookie in HostedScopes.cookies "localhost" "" "/" scope do
                  for line in cookie.Lines -> cookie.Cookie.Text(line, true) ]

    /// A request with a pure step that comes now: what its step saw, and the binding that its response offers.
    let visit
        (site: Site)
        (browser: Browser)
        (change: Session -> Session)
        : Task<struct (Session * DeviceOffer voption)> =
        task {
            let scope = HostedRegistry.scope "web" (hostOf browser (HostedRegistry.now site.Registry)) site.Registry

            try
                let step (session: Session) = struct (change session, session)
                let! struct (seen, _) = scope.Step(WhenGone.StepAgainUnlessOwned, step, CancellationToken.None)
                return struct (seen, HostedDevices.offer scope)
            finally
                receive browser scope
        }

    /// A request with a pure step that comes now. What its step saw.
    let step (site: Site) (browser: Browser) (change: Session -> Session) : Task<Session> =
        task {
            let! struct (seen, _) = visit site browser change
            return seen
        }

    /// A request that only reads.
    let read (site: Site) (browser: Browser) : Task<Session> = step site browser id
