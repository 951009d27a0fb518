/// Whose sign-in is offered a binding, and what becomes of those that take none.
module Runa.Session.Tests.DeviceOfferTests

open System
open System.Net.Http
open System.Text.RegularExpressions
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.BoundBrowsers
open Runa.Session.Tests.Devices
open Runa.Session.Tests.Handlers

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/in-twice"
          >=> updateSession "web" (Session.signIn "ann")
          >=> updateSession "admin" (Session.signIn "root")
          >=> text "in"
          route "/count" >=> updateSession "web" (Session.update visits 0 ((+) 1)) >=> text "counted"
          route "/regenerate" >=> updateSession "web" Session.regenerate >=> text "regenerated"
          route "/longer"
          >=> updateSession "web" (Session.withLifetime (TimeSpan.FromHours 7.))
          >=> text "longer"
          route "/admin"
          >=> readSession "admin" (fun session -> text $"{Session.status session} {Session.device session}")
          readSession "web" (fun session -> text $"{Session.status session} {Session.device session}") ]

let private started (bound: DeviceBound) : Task<App> =
    let given = host site
    let change (o: SessionSettings) = { o with DeviceBound = bound; Ttl = TimeSpan.FromHours 8. }

    start
        { given with
            Setup = SessionSetup.session "web" change >> SessionSetup.session "admin" change >> given.Setup }

let private shows (browser: BoundBrowser) path body what =
    task {
        let! found = browser.Get path
        Expect.equal found.Body body what
    }

[<Tests>]
let tests =
    testList
        "Device offers"
        [ testCaseTask "promise 29: a binding is offered to browsers made from Chromium, and to no others" (fun () ->
              task {
                  use! app = started DeviceBound.Offer

                  for brands, isOffered in
                      [ [], false
                        [ "Sec-CH-UA", "\"Firefox\";v=\"150\"" ], false
                        [ "Sec-CH-UA", "\"Not Chromium\";v=\"150\"" ], false
                        [ "Sec-CH-UA", "\"Microsoft Edge\";v=\"146\", \"Chromium\";v=\"146\"" ], true ] do
                      let browser = app.NewBrowser()
                      let request = new HttpRequestMessage(HttpMethod.Get, Uri("/in", UriKind.Relative))

                      for name, value in brands do
                          request.Headers.TryAddWithoutValidation(name, value) |> ignore

                      let! answer = browser.SendRaw request
                      Expect.equal (offerOf answer).IsSome isOffered $"%A{brands}"
              })

          testCaseTask "promise 29: only the sign-in's own response offers a binding" (fun () ->
              task {
                  use! app = started DeviceBound.Offer
                  let browser = BoundBrowser(app.NewBrowser())
                  let! answer = browser.Get "/count"
                  Expect.isNone (offerOf answer) "a visitor"
                  let! answer = browser.Get "/in"
                  Expect.isSome (offerOf answer) "the sign-in"

                  for path in [ "/"; "/count"; "/regenerate"; "/longer" ] do
                      app.Clock.Advance(TimeSpan.FromSeconds 1.)
                      let! answer = browser.Get path
                      Expect.isNone (offerOf answer) path

                  let! again = browser.SignIn "/in"
                  Expect.equal again.Status 200 "a second sign-in, which registers"
                  do! shows browser "/" "Active Bound" "bound"
                  let! answer = browser.Get "/in"
                  Expect.isNone (offerOf answer) "the same user's sign-in, bound"
              })

          testCaseTask
              "promise 29: two sessions of one response are offered a binding each, and keep them apart"
              (fun () ->
                  task {
                      use! app = started DeviceBound.Offer
                      let browser = BoundBrowser(app.NewBrowser())
                      let! answer = browser.Get "/in-twice"
                      let header = answer.Header "Secure-Session-Registration"
                      let offers = Regex.Matches(header, "path=\"([^\"]*)\";challenge=\"([^\"]*)\"")

                      let offers =
                          [ for offer in offers -> offer.Groups[1].Value, offer.Groups[2].Value ] |> List.sortBy fst

                      Expect.equal
                          (List.map fst offers)
                          [ "_runa/device/admin/register"; "_runa/device/web/register" ]
                          "where"

                      let admin, web = snd offers.Head, snd offers[1]
                      let! crossed = browser.Register("/_runa/device/admin/register", registration browser.Device web)
                      Expect.equal crossed.Status 400 "the other's challenge"
                      let! registered = browser.Register("/_runa/device/web/register", registration browser.Device web)
                      Expect.equal registered.Status 200 "one"
                      do! shows browser "/" "Active Bound" "is bound"
                      do! shows browser "/admin" "Active Offered" "and the other not"
                      let! registered =
                          browser.Register("/_runa/device/admin/register", registration (ecDevice ()) admin)
                      Expect.equal registered.Status 200 "the other"
                      do! shows browser "/admin" "Active Bound" "too"
                  })

          testCaseTask "promise 29: require leaves 6 minutes after the sign-in, and then asks for the device" (fun () ->
              task {
                  use! app = started DeviceBound.Require
                  let browser = BoundBrowser(app.NewBrowser())
                  let stranger = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! _ = stranger.Get "/in"
                  app.Clock.Advance(TimeSpan.FromMinutes 5.9)
                  do! shows browser "/" "Active Offered" "5.9 minutes after"
                  let! counted = browser.Get "/count"
                  Expect.equal counted.Body "counted" "changes are saved"
                  app.Clock.Advance(TimeSpan.FromMinutes 0.1)
                  do! shows browser "/" "Unproven Unbound" "6 minutes after"
                  let! counted = browser.Get "/count"
                  Expect.equal counted.Status 401 "changes are refused"
                  let! found = stranger.Get "/"
                  Expect.equal found.Body "Unproven Unbound" "what was never offered one, too"
                  let! registered = browser.SignIn "/in"
                  Expect.equal registered.Status 200 "a new sign-in"
                  do! shows browser "/" "Active Bound" "which registers"
                  app.Clock.Advance(TimeSpan.FromMinutes 9.)
                  do! shows browser "/" "Active Bound" "goes on"
              })

          testCaseTask "promise 29: a page fetched in advance is served to the device, without a cookie" (fun () ->
              task {
                  use! app = started DeviceBound.Offer
                  let browser = BoundBrowser(app.NewBrowser())
                  let! _ = browser.SignIn "/in"
                  let prefetch = [ "Sec-Purpose", "prefetch;prerender" ]
                  let! answer = browser.Send(HttpMethod.Get, "/", prefetch)
                  Expect.equal answer.Body "Active Bound" "the device"
                  Expect.isEmpty answer.SetCookies "no cookie"
                  let thief = BoundBrowser(browser.Browser.Copy())
                  thief.Browser.Jar.Remove bound |> ignore
                  let! answer = thief.Send(HttpMethod.Get, "/", prefetch)
                  Expect.equal answer.Body "Unproven Unbound" "another"
                  Expect.isEmpty answer.SetCookies "no cookie, either"
              }) ]
