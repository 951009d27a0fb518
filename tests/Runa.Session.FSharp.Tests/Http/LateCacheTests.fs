/// What caches keep of a response that asked for a session late, or for a ticket.
module Runa.Session.Tests.LateCacheTests

open System
open System.Collections.Concurrent
open System.Net
open System.Net.Http
open System.Net.WebSockets
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.Lateness

let private caches =
    let stores (services: IServiceCollection -> unit) (pipeline: IApplicationBuilder -> unit) server =
        task {
            let late said : HttpHandler =
                respond (fun context ->
                    task {
                        for name, value: string in said do
                            context.Response.Headers.Append(name, value)

                        do! context.Response.WriteAsync "begun,"
                        do! context.Response.Body.FlushAsync()
                        let! session = context.LoadSessionAsync "web"
                        do! context.Response.WriteAsync $"of {Session.getOr notice String.Empty session}"
                    })

            let said =
                [ "/public", [ "Cache-Control", "public, max-age=600" ]
                  "/plain", []
                  "/no-store", [ "Cache-Control", "no-store" ]
                  "/private", [ "Cache-Control", "private, max-age=600"; "Vary", "Cookie" ] ]

            let site =
                choose
                    [ for path, said in said do
                          route path >=> late said
                      fun next context ->
                          updateSession "web" (Session.set notice (string context.Request.Query["name"])) next context ]

            use! app = start { host site with Server = server; Services = services; Pipeline = pipeline }

            let visitor (name: string) =
                task {
                    let browser = app.NewBrowser()
                    let! _ = browser.Get $"/?name={name}"
                    return browser
                }

            let! ann = visitor "ann"
            let! bob = visitor "bob"

            let get (browser: Browser) (path: string) =
                task {
                    try
                        let! answer = browser.Get path
                        return answer.Body
                    with _ ->
                        return "broken off"
                }

            for path, isGiven in [ "/public", false; "/plain", false; "/no-store", true; "/private", true ] do
                for round in 1..2 do
                    let! anns = get ann path
                    let! bobs = get bob path

                    if isGiven then
                        Expect.equal (anns, bobs) ("begun,of ann", "begun,of bob") $"{path}, {round}: each their own"
                    else
                        Expect.isFalse (anns.Contains "of ann") $"{path}, {round}: ann {anns}"
                        Expect.isFalse (bobs.Contains "of ann" || bobs.Contains "of bob") $"{path}, {round}: bob {bobs}"
        }

    testList
        "promise 20: no cache serves one visitor's page to another"
        [ onBoth
              "response caching"
              (stores (fun services -> services.AddResponseCaching() |> ignore) (fun app ->
                  app.UseResponseCaching() |> ignore))
          onBoth
              "output caching"
              (stores
                  (fun services ->
                      services.AddOutputCache(fun o -> o.AddBasePolicy(fun policy -> policy.Cache() |> ignore))
                      |> ignore)
                  (fun app -> app.UseOutputCache() |> ignore)) ]

let private tickets =
    let withTickets (handler: HttpHandler) =
        { host handler with
            Setup = SessionSetup.session "tickets" id
            Services =
                fun services ->
                    services
                        .AddAuthentication()
                        .AddCookie()
                        // So that none is the default, which would be asked before.
                        .AddCookie("another")
                        .AddRunaTicketStore("tickets")
                    |> ignore }

    let site late : HttpHandler =
        choose
            [ route "/in" >=> signIn "Cookies" ann
              route "/late" >=> late
              once
              >=> respond (fun context ->
                  task {
                      let! result = context.AuthenticateAsync "Cookies"
                      do! context.Response.WriteAsync(if result.Succeeded then "known" else "unknown")
                  }) ]

    testList
        "promise 20: tickets of cookie authentication"
        [ onBoth "a response for which a ticket was read is private, and no other" (fun server ->
              task {
                  use! app = start { withTickets (site skip) with Server = server }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! known = browser.Get "/"
                  Expect.equal known.Body "known" "read"
                  Expect.stringContains (known.Header "Cache-Control") "private" "private"
                  Expect.isFalse ((known.Header "Cache-Control").Contains "public") "not public"
                  Expect.stringContains (known.Header "Vary") "Cookie" "Vary"
                  let! stranger = app.NewBrowser().Get "/"
                  Expect.equal (stranger.Header "Cache-Control") "public, max-age=600" "no ticket was asked for"
              })

          onBoth "one that is read after the response has started raises" (fun server ->
              task {
                  let late (read: HttpContext -> Task) =
                      once
                      >=> respond (fun context ->
                          task {
                              do! context.Response.WriteAsync "begun,"
                              do! context.Response.Body.FlushAsync()
                              let! message = asked read context
                              do! context.Response.WriteAsync message
                          })

                  let ours (context: HttpContext) : Task =
                      let registry = context.RequestServices.GetRequiredService<SessionRegistry>()
                      let store = SessionTicketStore(registry, "tickets") :> ITicketStore
                      store.RetrieveAsync("a key", context, CancellationToken.None)

                  use! app =
                      start
                          { withTickets (
                                choose
                                    [ route "/ours" >=> late ours
                                      site (late (fun context -> context.AuthenticateAsync "Cookies")) ]
                            ) with
                              Server = server }

                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! answer = browser.Get "/ours"
                  Expect.equal answer.Body ("begun," + tooLateUser.Replace("\"web\"", "\"tickets\"")) "told so"
                  // The framework's handler refuses before it asks for the ticket.
                  let! answer = browser.Get "/late"
                  Expect.stringStarts answer.Body "begun," "begun"
                  Expect.isFalse (answer.Body.Contains "nothing was raised") "raised"
              }) ]

[<Tests>]
let tests = testList "LateSession" [ caches; tickets ]
