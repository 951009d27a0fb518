/// What every form of handler answers to a request that does not come from the session's device.
module Runa.Session.Tests.UnprovenTests

open System
open System.Net.Http
open System.Threading.Tasks
open Microsoft.AspNetCore.Authorization
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Routing
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.BoundBrowsers
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes

let private login = redirectTo false "/login"
let private safe = fun owner session -> session, text $"safe {owner}"
let private increment = Session.update visits 0 ((+) 1)

let private looked: HttpHandler =
    fun next context ->
        let status = Session.status (context.GetSession "web")
        text $"{status}" next context

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann" >> increment) >=> text "in"
          route "/in-as-bob" >=> updateSession "web" (Session.signIn "bob") >=> text "in"
          route "/out" >=> updateSession "web" Session.signOut >=> text "out"
          route "/read"
          >=> readSession "web" (fun session -> text $"{Session.status session} {Session.getOr visits 0 session}")
          route "/look" >=> useSession "web" >=> looked
          route "/owner" >=> withOwner "web" login safe
          route "/fresh" >=> withFreshOwner "web" (TimeSpan.FromHours 1.) login safe
          route "/device" >=> withDevice "web" login safe
          route "/update" >=> updateSession "web" increment >=> text "updated"
          route "/with" >=> withSession "web" count
          route "/task"
          >=> withSessionTask "web" (fun _ session -> task { return increment session, text "task" })
          route "/use" >=> useSession "web" >=> leave "web" >=> text "used" ]

let private endpoints (routes: IEndpointRouteBuilder) : unit =
    let answer (body: string) = RequestDelegate(fun context -> context.Response.WriteAsync body)
    routes.MapGet("/private", answer "private").RequireAuthorization() |> ignore
    routes.MapGet("/bound", answer "bound").RequireAuthorization "bound" |> ignore

let private started (wrap: SessionDriver -> SessionDriver) : Task<App> =
    let given = host site

    let bound =
        { given with
            Setup =
                SessionSetup.driver "memory" (wrap (memory given.Clock))
                >> SessionSetup.session "web" (fun o ->
                    { o with DeviceBound = DeviceBound.Offer; Ttl = TimeSpan.FromHours 8. }) }

    bound
    |> withSchemes
        (fun schemes -> schemes.AddRunaSession("web", fun o -> o.LoginPath <- PathString "/login") |> ignore)
        (fun options -> options.AddPolicy("bound", (fun policy -> policy.RequireDeviceBound() |> ignore)))
        endpoints
    |> start

/// A store that answers later, as one outside the process does.
let private later (driver: SessionDriver) : SessionDriver =
    let afterwards (call: unit -> ValueTask<'T>) : ValueTask<'T> =
        ValueTask<'T>(
            task {
                do! Task.Yield()
                return! call ()
            }
        )

    DriverAround.wrap
        { new IAround with
            member _.Call _ _ call = afterwards call }
        driver

/// Whose session is bound, and a copy of the session's cookie.
let private twoBrowsers (app: App) =
    task {
        let browser = BoundBrowser(app.NewBrowser())
        let! _ = browser.SignIn "/in"
        let! found = browser.Get "/read"
        Expect.equal found.Body "Active 1" "the device"
        let thief = BoundBrowser(browser.Browser.Copy())
        thief.Browser.Jar.Remove bound |> ignore
        return browser, thief
    }

let private skipped = [ "Secure-Session-Skipped", "server_error" ]
let private reads = [ "/read", "Unproven 0"; "/look", "Unproven" ]
let private admits = [ "/owner"; "/fresh"; "/device"; "/private"; "/bound" ]
let private changes = [ "/update"; "/with"; "/task"; "/use" ]

let private stores = [ "at once", id; "later", later ]

[<Tests>]
let tests =
    testList
        "Unproven"
        [ for speed, wrap in stores do
              testCaseTask $"promise 29: every form of handler, and no cookie is set ({speed})" (fun () ->
                  task {
                      use! app = started wrap
                      let! browser, thief = twoBrowsers app
                      let held = thief.Browser.Cookies

                      for path, body in reads do
                          let! answer = thief.Get path
                          Expect.equal (answer.Status, answer.Body) (200, body) path
                          Expect.isEmpty answer.SetCookies $"{path}: Set-Cookie"

                      for path in admits do
                          let! answer = thief.Get path
                          Expect.equal answer.Status 302 path
                          Expect.stringContains (answer.Header "Location") "/login" path
                          Expect.isEmpty answer.SetCookies $"{path}: Set-Cookie"

                      for path in changes do
                          let! answer = thief.Get path
                          Expect.equal (answer.Status, answer.Body) (401, "") path
                          Expect.isEmpty answer.SetCookies $"{path}: Set-Cookie"
                          Expect.equal (answer.Header "Retry-After") "" path

                      Expect.equal thief.Browser.Cookies held "the cookies"
                      let! found = browser.Get "/read"
                      Expect.equal found.Body "Active 1" "the device, and nothing was saved"

                      for path in admits @ changes do
                          let! answer = browser.Get path
                          Expect.equal answer.Status 200 $"{path}: the device"
                  })

              testCaseTask
                  $"promise 29: a browser that could not refresh is asked to come again, not to sign in ({speed})"
                  (fun () ->
                      task {
                          use! app = started wrap
                          let! _, thief = twoBrowsers app

                          for path in admits @ changes do
                              let! answer = thief.Send(HttpMethod.Get, path, skipped)
                              Expect.equal (answer.Status, answer.Body) (503, "") path
                              Expect.equal (answer.Header "Retry-After") "5" path
                              Expect.equal (answer.Header "Location") "" $"{path}: no redirect"
                              Expect.isEmpty answer.SetCookies $"{path}: Set-Cookie"

                          for path, body in reads do
                              let! answer = thief.Send(HttpMethod.Get, path, skipped)
                              Expect.equal (answer.Status, answer.Body) (200, body) $"{path}: it grants nothing"
                      })

          testCaseTask "a visitor who is not signed in is not asked to come again, whatever the header says" (fun () ->
              task {
                  use! app = started id
                  let stranger = BoundBrowser(app.NewBrowser())

                  for path in admits do
                      let! answer = stranger.Send(HttpMethod.Get, path, skipped)
                      Expect.equal answer.Status 302 path
              })

          testCaseTask "promise 29: a sign-out ends the session also without the bound cookie" (fun () ->
              task {
                  use! app = started id
                  let! browser, thief = twoBrowsers app
                  let! answer = thief.Get "/out"
                  Expect.equal answer.Body "out" "signed out"
                  Expect.isEmpty thief.Browser.Cookies "its cookies are expired"
                  let! found = browser.Get "/read"
                  Expect.equal found.Body "Expired 0" "ended"
              })

          testCaseTask "promise 29: a sign-in without the bound cookie makes a new session, with an offer" (fun () ->
              task {
                  use! app = started id
                  let! browser, thief = twoBrowsers app
                  let! registered = thief.SignIn "/in-as-bob"
                  Expect.equal registered.Status 200 "another device"
                  let! found = thief.Get "/read"
                  Expect.equal found.Body "Active 0" "nothing of the other session"
                  let! found = browser.Get "/read"
                  Expect.equal found.Body "Active 1" "which goes on"
              }) ]
