/// An application of cookie authentication, with its tickets in the session "tickets".
module internal Runa.Session.Tests.CookieTickets

open System
open System.Security.Claims
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Options
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes

let scheme = CookieAuthenticationDefaults.AuthenticationScheme
let cookie = ".AspNetCore.Cookies"

let bob = [ identifier, "bob"; ClaimTypes.Name, "bob" ]

let site: HttpHandler =
    choose
        [ route "/in" >=> signIn scheme ann >=> text "in"
          route "/bob" >=> signIn scheme bob >=> text "in"
          route "/out" >=> signOut scheme >=> text "out"
          route "/me" >=> user
          route "/web" >=> readSession "web" (Session.toJson >> text) ]

let withTickets (schemes: AuthenticationBuilder) =
    schemes
        .AddCookie(fun options ->
            options.ExpireTimeSpan <- TimeSpan.FromHours 1.
            options.SlidingExpiration <- true)
        .AddRunaTicketStore("tickets")
    |> ignore

let tickets (host: Host) : Host =
    { (host |> withSchemes withTickets ignore ignore) with
        Setup = SessionSetup.session "tickets" id >> host.Setup }

let started () = start (tickets (host site))

/// What cookie authentication keeps in its cookie.
let keyIn (app: App) (browser: Browser) : string =
    let options = app.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get scheme

    match options.TicketDataFormat.Unprotect browser.Cookies[cookie] with
    | null -> failtest "the cookie cannot be read"
    | ticket -> [ for claim in ticket.Principal.Claims -> claim.Value ] |> List.exactlyOne
