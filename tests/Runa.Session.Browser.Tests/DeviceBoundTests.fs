/// Sessions that are bound to the device of a real browser, in an application whose clock the test moves.
module Runa.Session.Browser.Tests.DeviceBoundTests

open System
open System.Threading.Tasks
open Expecto
open Microsoft.Playwright
open Runa.Session.TestSupport
open Runa.Session.Browser.Tests.DeviceBoundShop

let private minutes (count: float) = TimeSpan.FromMinutes count

/// What the page says to HttpClient with a copy of these cookies.
let private seenByClient (app: App) (cookies: BrowserContextCookiesResult seq) : Task<string> =
    task {
        let client = app.NewBrowser()

        for cookie in cookies do
            client.SetCookie(cookie.Name, cookie.Value)

        let! answer = client.Get "/"
        return answer.Body
    }

let private binding =
    testList
        "binding"
        [ inShop "promise 29: the browser registers after a sign-in, and the session is bound" (fun _ ada ->
              task {
                  do! ada.SignIn()
                  let! found = cookieNamed boundCookie ada.Browser
                  let cookie = Expect.wantSome found "the bound cookie"
                  Expect.isTrue (cookie.HttpOnly && cookie.Secure) "out of reach of scripts and of plain http"
                  Expect.equal cookie.SameSite SameSiteAttribute.Lax "SameSite"
                  let left = Expect.wantSome (keptFor cookie) "it has an end"
                  Expect.isLessThan left (minutes 11.) "its end"
                  do! ada.Page |> sees bound
              })

          inShop "a bound cookie that has ended is fetched before the request is sent" (fun app ada ->
              task {
                  do! ada.SignIn()

                  // The challenge that came with the last bound cookie is good for 20 minutes. Later, there is a new one.
                  for later in [ 11.; 19.; 90. ] do
                      app.Clock.Advance(minutes later)
                      do! ada.LoseBoundCookie()
                      do! ada.Page |> sees bound
                      do! ada.Events.Expect DeviceBoundEvent.Refreshed
              })

          inShop "two tabs that find the bound cookie gone wait for one refresh" (fun _ ada ->
              task {
                  do! ada.SignIn()
                  let! other = ada.Browser.NewPageAsync()
                  do! ada.LoseBoundCookie()
                  let! _ = Task.WhenAll(ada.Page |> sees bound, other |> sees bound)
                  do! ada.Events.Expect DeviceBoundEvent.Refreshed
                  do! go ada.Page "/out"
                  do! ada.Page |> sees signedOut
                  // Nothing happened between.
                  do! ada.Events.ExpectRefusal()
              })

          withShop "a session stays bound over a restart of the server" (fun shop app profile ->
              shop.Visit(
                  app,
                  profile,
                  fun ada ->
                      task {
                          do! ada.SignIn()
                          let! thief = thiefOf ada.Browser (HttpsHost.addressOf app)
                          do! (app :> IAsyncDisposable).DisposeAsync()
                          let! (again: App) = shop.Serve app.Address.Port
                          use _ = again :> IAsyncDisposable
                          do! ada.Page |> sees bound
                          do! ada.LoseBoundCookie()
                          do! ada.Page |> sees bound
                          do! ada.Events.Expect DeviceBoundEvent.Refreshed
                          let! thiefs = thief.NewPageAsync()
                          do! thiefs |> sees unproven
                          do! thief.CloseAsync()
                      }
              ))

          withShop "a session stays bound over a restart of the browser" (fun shop app profile ->
              task {
                  do! shop.Visit(app, profile, (fun ada -> ada.SignIn()))

                  do!
                      shop.Visit(
                          app,
                          profile,
                          fun ada ->
                              task {
                                  do! ada.Page |> sees bound
                                  do! ada.LoseBoundCookie()
                                  do! ada.Page |> sees bound
                                  do! ada.Events.Expect DeviceBoundEvent.Refreshed
                              }
                      )
              }) ]

let private thefts =
    testList
        "thefts"
        [ inShop
              "promise 29: a copy in another browser is worthless, with the bound cookie until that ends"
              (fun app ada ->
                  task {
                      do! ada.SignIn()
                      let! thief = thiefOf ada.Browser (HttpsHost.addressOf app)
                      let! thiefs = thief.NewPageAsync()
                      do! thiefs |> sees unproven
                      do! copyCookies ada.Browser thief
                      do! thiefs |> sees bound
                      app.Clock.Advance(minutes 15.)
                      do! thiefs |> sees unproven
                      do! ada.LoseBoundCookie()
                      do! ada.Page |> sees bound
                      do! ada.Events.Expect DeviceBoundEvent.Refreshed
                      do! thiefs |> sees unproven
                      do! thief.CloseAsync()
                  })

          inShop "promise 29: a copy in a program is worthless, with the bound cookie until that ends" (fun app ada ->
              task {
                  do! ada.SignIn()
                  let! all = ada.Browser.CookiesAsync()
                  let! alone = all |> Seq.filter (fun cookie -> cookie.Name <> boundCookie) |> seenByClient app
                  Expect.stringContains alone unproven "without the bound cookie"
                  let! both = seenByClient app all
                  Expect.stringContains both bound "with it"
                  app.Clock.Advance(minutes 15.)
                  let! late = seenByClient app all
                  Expect.stringContains late unproven "after its end"
              }) ]

let private endings =
    testList
        "endings"
        [ inShop "promise 9: the sign-out ends the binding, and the next sign-in is bound again" (fun app ada ->
              task {
                  do! ada.SignIn()
                  let! before = ada.Browser.CookiesAsync()
                  do! go ada.Page "/out"
                  let! after = ada.Browser.CookiesAsync()
                  Expect.isEmpty after "cookies"
                  do! ada.Page |> sees signedOut
                  do! ada.Events.ExpectRefusal()
                  let! copy = seenByClient app before
                  Expect.stringContains copy ended "a copy of both cookies"
                  do! ada.SignIn()
              })

          inShop "promise 9: a sign-out in one tab signs out the other" (fun _ ada ->
              task {
                  do! ada.SignIn()
                  let! other = ada.Browser.NewPageAsync()
                  do! other |> sees bound
                  do! go ada.Page "/out"
                  do! other |> sees signedOut
              })

          inShop "promise 27: another browser of the owner ends the session and its binding" (fun app ada ->
              task {
                  do! ada.SignIn()
                  let! other = otherBrowser (HttpsHost.addressOf app)
                  let! others = other.NewPageAsync()
                  do! go others "/in"
                  do! go others "/revoke"
                  do! notice others |> says "Ended 1."
                  do! ada.Page |> sees ended
                  do! ada.LoseBoundCookie()
                  do! ada.Page |> sees ended
                  do! ada.Events.ExpectRefusal()
                  do! other.CloseAsync()
              }) ]

let tests = testList "device-bound sessions" [ binding; thefts; endings ]
