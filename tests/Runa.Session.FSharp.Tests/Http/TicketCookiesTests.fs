/// How the new key of a ticket gets into the cookie of cookie authentication.
module Runa.Session.Tests.TicketCookiesTests

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.CookieTickets

/// Counts the cookies that it writes.
type private Counting() =
    let inner = ChunkingCookieManager() :> ICookieManager
    member val Written = ConcurrentQueue<string>()

    interface ICookieManager with
        member _.GetRequestCookie(context, name) = inner.GetRequestCookie(context, name)
        member _.DeleteCookie(context, name, options) = inner.DeleteCookie(context, name, options)

        member this.AppendResponseCookie(context, name, value, options) =
            this.Written.Enqueue name
            inner.AppendResponseCookie(context, name, value, options)

let private starting (add: AuthenticationBuilder -> unit) (handler: HttpHandler) : Task<App> =
    start { (host handler |> withSchemes add ignore ignore) with Setup = SessionSetup.session "tickets" id }

let private configured (change: CookieAuthenticationOptions -> unit) (schemes: AuthenticationBuilder) =
    withTickets schemes
    schemes.Services.Configure<CookieAuthenticationOptions>(scheme, change) |> ignore

/// Signs in as bob, then as ann, and looks what is under the key of bob.
let private replacing (app: App) =
    task {
        let browser = app.NewBrowser()
        let! _ = browser.Get "/bob"
        let old = browser.Copy()
        let! _ = browser.Get "/in"
        let! me = browser.Get "/me"
        let! before = old.Get "/me"
        Expect.equal (me.Body, before.Body) ("Ann Lee", "nobody") "the new key is in the cookie"
    }

[<Tests>]
let tests =
    testList
        "TicketCookies"
        [ testCaseTask "the application's own cookie manager writes the cookies, and its options stay" (fun () ->
              task {
                  let own = Counting()
                  use! app =
                      site
                      |> starting (
                          configured (fun o ->
                              o.CookieManager <- own
                              o.ClaimsIssuer <- "an issuer"
                              o.Cookie.SameSite <- Microsoft.AspNetCore.Http.SameSiteMode.Strict)
                      )
                  do! replacing app
                  Expect.equal (List.ofSeq own.Written) [ cookie; cookie ] "both"
              })

          testCaseTask "a cookie that is cut into chunks gets the new key, too" (fun () ->
              task {
                  let small = ChunkingCookieManager(ChunkSize = Nullable 300)
                  use! app = site |> starting (configured (fun o -> o.CookieManager <- small))
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/bob"
                  Expect.isGreaterThan browser.Cookies.Count 2 "chunks"
                  do! replacing app
              })

          testCaseTask "AddRunaTicketStore may come before AddCookie, and twice" (fun () ->
              task {
                  let add (schemes: AuthenticationBuilder) =
                      schemes.AddRunaTicketStore("tickets").AddRunaTicketStore("tickets").AddCookie() |> ignore

                  use! app = site |> starting add
                  do! replacing app
              })

          testCaseTask "promise 4: with a store that is set by hand, a sign-in over a ticket is an error" (fun () ->
              task {
                  let add (schemes: AuthenticationBuilder) =
                      schemes.AddCookie() |> ignore

                      schemes.Services
                          .AddOptions<CookieAuthenticationOptions>(scheme)
                          .Configure(fun (o: CookieAuthenticationOptions) (registry: SessionRegistry) ->
                              o.SessionStore <- SessionTicketStore(registry, "tickets"))
                      |> ignore

                  use! app = site |> starting add
                  let browser = app.NewBrowser()
                  let! first = browser.Get "/bob"
                  Expect.equal first.Status 200 "nobody was signed in"
                  let! answer = browser.Get "/in"
                  Expect.stringStarts answer.Body "error page: InvalidOperationException" "refused"
                  Expect.stringContains answer.Body "AddRunaTicketStore(\"Cookies\", \"tickets\")" "what to do"
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "bob" "as before"
              })

          testCaseTask
              "promise 4: a principal that is replaced by another user's when the cookie is checked gets a new key"
              (fun () ->
                  task {
                      let replace (o: CookieAuthenticationOptions) =
                          o.Events.OnValidatePrincipal <-
                              fun context ->
                                  if context.Request.Path.Value = "/web" then
                                      context.ReplacePrincipal(principal ann)
                                      context.ShouldRenew <- true

                                  Task.CompletedTask

                      use! app = site |> starting (configured replace)
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/bob"
                      let old = browser.Copy()
                      let! answer = browser.Get "/web"
                      Expect.equal (answer.Status, answer.SetCookies.Length) (200, 1) "renewed"
                      Expect.notEqual (keyIn app browser) (keyIn app old) "a new key"
                      let! me = browser.Get "/me"
                      let! before = old.Get "/me"
                      Expect.equal (me.Body, before.Body) ("Ann Lee", "nobody") "the old one is worthless"

                  }) ]
