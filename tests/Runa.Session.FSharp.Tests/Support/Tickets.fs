/// Tickets of cookie authentication, kept in a session.
module internal Runa.Session.Tests.Tickets

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Schemes

/// A store of tickets in the session "tickets", and what is around it.
type World = { Clock: FakeTimeProvider; Driver: TestDriver; Registry: SessionRegistry; Store: ITicketStore }

let worldWith (change: SessionSettings -> SessionSettings) : World =
    let clock = clock ()
    let driver = TestDriver.Counting(memory clock)

    let registry =
        setup clock driver.Driver |> SessionSetup.session "tickets" change |> SessionRegistry.create

    { Clock = clock
      Driver = driver
      Registry = registry
      Store = SessionTicketStore(registry, "tickets") }

let world () = worldWith id

let ticketOf (claims: (string * string) list) (properties: AuthenticationProperties) =
    AuthenticationTicket(principal claims, properties, "Cookies")

let plain claims = ticketOf claims (AuthenticationProperties())

let until (at: DateTimeOffset) claims = ticketOf claims (AuthenticationProperties(ExpiresUtc = Nullable at))

/// The claims of what is there; none where nothing is.
let found (world: World) (key: string) : Task<(string * string) list> =
    task {
        match! world.Store.RetrieveAsync key with
        | null -> return []
        | ticket -> return [ for claim in ticket.Principal.Claims -> claim.Type, claim.Value ]
    }

let owned (world: World) (owner: string) =
    SessionRegistry.forOwner "tickets" owner CancellationToken.None world.Registry

let revoke (world: World) (owner: string) =
    SessionRegistry.revokeOwner "tickets" owner CancellationToken.None world.Registry

let recordOf (world: World) (key: string) =
    task {
        match world.Registry.Find("tickets").Definition.Token.Read(key.AsSpan()) with
        | TokenReading.Genuine token -> return! (world.Driver.Driver.Load token.Key CancellationToken.None).AsTask()
        | _ -> return ValueNone
    }
