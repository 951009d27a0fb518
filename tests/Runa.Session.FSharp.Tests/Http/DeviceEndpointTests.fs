/// The two addresses that browsers ask by themselves.
module Runa.Session.Tests.DeviceEndpointTests

open System.Collections.Concurrent
open System.Net.Http
open System.Threading.Tasks
open Microsoft.AspNetCore.Authorization
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.BoundBrowsers
open Runa.Session.Tests.Devices
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/out" >=> updateSession "web" Session.signOut >=> text "out"
          readSession "web" (fun session -> text $"{Session.status session} {Session.device session}") ]

let private bound (o: SessionSettings) = { o with DeviceBound = DeviceBound.Offer }

let private hostWith (change: Host -> Host) : Task<App> =
    let given = change (host site)
    start { given with Setup = SessionSetup.session "web" bound >> given.Setup }

let private started () : Task<App> = hostWith id
let private registerPath = "/_runa/device/web/register"
let private refreshPath = "/_runa/device/web/refresh"

/// A registration or a refresh that would succeed, with these headers of the fetch.
let private posting (browser: BoundBrowser) (path: string) (id: string) (proof: string) fetch =
    browser.Post { Path = path; Id = (if id = "" then None else Some id); Proof = Some proof; Fetch = fetch }

let private isPrivate (what: string) (answer: Answer) =
    Expect.equal (answer.Header "Cache-Control") "no-store" $"{what}: Cache-Control"
    Expect.equal (answer.Header "Cross-Origin-Resource-Policy") "same-origin" $"{what}: Cross-Origin-Resource-Policy"
    Expect.equal (answer.Header "X-Frame-Options") "DENY" $"{what}: X-Frame-Options"

    for name in answer.Headers.Keys do
        Expect.isFalse (name.StartsWith "access-control") $"{what}: {name}"

[<Tests>]
let tests =
    testList
        "Device endpoints"
        [ testCaseTask "promise 29: only POST is answered, and only what a browser sends by itself" (fun () ->
              task {
                  use! app = started ()
                  let browser = BoundBrowser(app.NewBrowser())
                  let! offered = browser.Get "/in"
                  let _, challenge = (offerOf offered).Value
                  let proof = registration browser.Device challenge

                  for path in [ registerPath; refreshPath ] do
                      for verb in [ HttpMethod.Get; HttpMethod.Head; HttpMethod.Put; HttpMethod.Options ] do
                          let! answer = browser.Send(verb, path, [ "Secure-Session-Response", proof ])
                          Expect.equal (answer.Status, answer.Header "Allow") (405, "POST") $"{verb} {path}"
                          isPrivate $"{verb} {path}" answer

                  for fetch in
                      [ [ "Sec-Fetch-Mode", "cors" ]
                        [ "Sec-Fetch-Mode", "same-origin" ]
                        [ "Sec-Fetch-Mode", "navigate" ]
                        [ "Sec-Fetch-Mode", "no-cors"; "Sec-Fetch-Site", "cross-site" ]
                        [ "Sec-Fetch-Site", "cross-site" ] ] do
                      let! answer = posting browser registerPath "" proof fetch
                      Expect.equal (answer.Status, answer.Body) (400, "") $"%A{fetch}"
                      Expect.isEmpty answer.SetCookies $"%A{fetch}"
                      isPrivate $"%A{fetch}" answer

                  let! registered = posting browser registerPath "" proof []
                  Expect.equal registered.Status 200 "a browser without these headers"
                  let next, id = challengeOf registered
                  let proof = refresh browser.Device next
                  let! answer = posting browser refreshPath id proof [ "Sec-Fetch-Mode", "cors" ]
                  Expect.equal answer.Status 400 "a refresh by a script"

                  let! answer =
                      posting
                          browser
                          refreshPath
                          id
                          proof
                          [ "Sec-Fetch-Mode", "no-cors"; "Sec-Fetch-Site", "same-site" ]

                  Expect.equal answer.Status 200 "the browser's own"
              })

          testCaseTask "every answer is the browser's own, and no cache's: 200, 400, 401, 403, 409, 503" (fun () ->
              task {
                  let clock = clock ()
                  let driver = TestDriver.Counting(memory clock)
                  let ofDriver host = { host with Clock = clock; Setup = SessionSetup.driver "memory" driver.Driver }
                  use! app = hostWith ofDriver
                  let browser = BoundBrowser(app.NewBrowser())
                  let! offered = browser.Get "/in"
                  let _, challenge = (offerOf offered).Value
                  let seen = ResizeArray<int>()

                  let judge (answer: Answer) =
                      isPrivate $"{answer.Status}" answer
                      seen.Add answer.Status
                      answer

                  let! registered = browser.Register(registerPath, registration browser.Device challenge)
                  let registered = judge registered
                  Expect.stringContains registered.Body "\"session_identifier\"" "instructions"
                  Expect.equal (registered.Header "Content-Type") "application/json" "instructions"
                  let! other = browser.Register(registerPath, registration (ecDevice ()) challenge)
                  judge other |> ignore
                  let! bad = browser.Register(registerPath, "x")
                  judge bad |> ignore
                  let! none = browser.Post { Path = refreshPath; Id = None; Proof = None; Fetch = [] }
                  judge none |> ignore
                  let _, id = challengeOf registered
                  let! asked = browser.Refresh(id, None)
                  judge asked |> ignore
                  let! refreshed = browser.RefreshBy asked
                  judge refreshed |> ignore
                  driver.Behave <- fun _ -> Behaviour.FailBefore
                  let! down = browser.RefreshBy refreshed
                  Expect.equal ((judge down).Header "Retry-After") "10" "the store is down"
                  driver.Behave <- fun _ -> Behaviour.Pass
                  let! _ = browser.Get "/out"
                  let! gone = browser.RefreshBy refreshed
                  judge gone |> ignore
                  Expect.equal (List.ofSeq seen) [ 200; 409; 400; 400; 403; 200; 503; 401 ] "all of them"
              })

          testCaseTask "promise 29: behind a path base, the offer leads to where the endpoints answer" (fun () ->
              task {
                  let based host = { host with Pipeline = fun app -> app.UsePathBase(PathString "/shop") |> ignore }

                  use! app = hostWith based
                  let browser = BoundBrowser(app.NewBrowser())
                  let! offered = browser.Get "/shop/in"
                  let path, challenge = (offerOf offered).Value
                  // The browser resolves it by the address of the response.
                  let! registered = browser.Register("/shop/" + path, registration browser.Device challenge)
                  Expect.equal registered.Status 200 "registered"
                  let! found = browser.Get "/shop/"
                  Expect.equal found.Body "Active Bound" "bound"
                  let next, id = challengeOf registered

                  let! refreshed = posting browser "/shop/_runa/device/web/refresh" id (refresh browser.Device next) []

                  Expect.equal refreshed.Status 200 "refreshed, beside the address of the registration"
              })

          testCaseTask "promise 29: what stands in the pipeline never sees them" (fun () ->
              task {
                  let seen = ConcurrentQueue<string>()

                  let refusing (app: IApplicationBuilder) =
                      app
                          .Use(fun (context: HttpContext) (next: RequestDelegate) ->
                              seen.Enqueue(string context.Request.Path)
                              // As a rate limiter would.
                              if context.Request.Method = "POST" then
                                  context.Response.StatusCode <- 429
                                  Task.CompletedTask
                              else
                                  next.Invoke context)
                          .UseStatusCodePagesWithRedirects("/error")
                      |> ignore

                  let fallback (options: AuthorizationOptions) =
                      options.FallbackPolicy <- AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build()

                  let guarded (host: Host) =
                      { host with Pipeline = refusing }
                      |> withSchemes (fun schemes -> schemes.AddRunaSession() |> ignore) fallback (fun routes ->
                          routes.MapGet("/in", toRequestDelegate site).AllowAnonymous() |> ignore
                          routes.MapGet("/", toRequestDelegate site) |> ignore)

                  use! app = hostWith guarded
                  let browser = BoundBrowser(app.NewBrowser())
                  let! registered = browser.SignIn "/in"
                  Expect.equal registered.Status 200 "registered"
                  let! found = browser.Get "/"
                  Expect.equal found.Body "Active Bound" "in force"
                  let! refreshed = browser.RefreshBy registered
                  Expect.equal refreshed.Status 200 "refreshed"
                  let! used = browser.RefreshBy registered
                  Expect.equal used.Status 403 "a 403 stays one"
                  let! unknown = browser.Refresh("AAAAAAAAAAAAAAAAAAAAAA", None)
                  Expect.equal (unknown.Status, unknown.Header "Location") (401, "") "and so does a 401"
                  Expect.equal (List.ofSeq seen) [ "/in"; "/" ] "what the pipeline saw"
                  let! other = browser.Post { Path = "/other"; Id = None; Proof = None; Fetch = [] }
                  Expect.notEqual other.Status 200 "other requests are refused"
              })

          testCaseTask "addresses that are nearly theirs are the application's" (fun () ->
              task {
                  use! app = started ()
                  let browser = BoundBrowser(app.NewBrowser())

                  for path in
                      [ "/_runa/device/admin/register"
                        "/_runa/device/web/other"
                        "/_runa/device/web/register/more"
                        "/_runa/device/web"
                        "/_runa/device/WEB/register" ] do
                      let! answer = browser.Post { Path = path; Id = None; Proof = None; Fetch = [] }
                      Expect.equal (answer.Status, answer.Body) (200, "New Unbound") path
              }) ]
