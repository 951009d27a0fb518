module Runa.Session.Tests.SessionChallengeTests

open System
open System.Net
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authorization
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Metadata
open Microsoft.AspNetCore.Routing
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes

let private forApis = { new IDisableCookieRedirectMetadata }

let private forBoth = { new IAllowCookieRedirectMetadata }

/// `scheme` is of sessions or of cookies.
let private endpoints (scheme: string) (app: IEndpointRouteBuilder) : unit =
    let map (path: string) (handler: HttpHandler) = app.MapGet(path, toRequestDelegate handler)
    let page = text "seen"
    let ofAnn = AuthorizeAttribute(AuthenticationSchemes = scheme)
    let ofEditors = AuthorizeAttribute(AuthenticationSchemes = scheme, Roles = "editor")
    let ofChiefs = AuthorizeAttribute(AuthenticationSchemes = scheme, Policy = "chiefs")
    map "/page" page |> _.RequireAuthorization(ofAnn) |> ignore
    map "/editors" page |> _.RequireAuthorization(ofEditors) |> ignore
    map "/chiefs" page |> _.RequireAuthorization(ofChiefs) |> ignore
    map "/api" page |> _.RequireAuthorization(ofAnn).WithMetadata(forApis) |> ignore
    map "/api/chiefs" page |> _.RequireAuthorization(ofChiefs).WithMetadata(forApis) |> ignore
    map "/both" page |> _.RequireAuthorization(ofAnn).WithMetadata(forApis, forBoth) |> ignore
    map "/named" (perform _.ChallengeAsync(scheme, AuthenticationProperties(RedirectUri = "/then?a=1")))
    |> ignore
    map "/refused" (perform _.ForbidAsync(scheme, AuthenticationProperties(RedirectUri = "/then")))
    |> ignore
    map "/login" (signIn scheme ann) |> ignore
    map "/logout" (signOut scheme) |> ignore
    map "/elsewhere" (signIn scheme ann) |> ignore
    map "/login/api" (signInWith scheme ann (AuthenticationProperties(RedirectUri = "/welcome")))
    |> _.WithMetadata(forApis)
    |> ignore

    map "/in-to" (signInWith scheme ann (AuthenticationProperties(RedirectUri = "/welcome"))) |> ignore

    map "/out-to" (perform _.SignOutAsync(scheme, AuthenticationProperties(RedirectUri = "https://other.example/bye")))
    |> ignore

    map "/in-202" (setStatusCode 202 >=> signInWith scheme ann (AuthenticationProperties(RedirectUri = "/welcome")))
    |> ignore

let private policies (options: AuthorizationOptions) =
    options.AddPolicy("chiefs", (fun policy -> policy.RequireClaim "chief" |> ignore))

let private ofSessions (schemes: AuthenticationBuilder) =
    schemes.AddRunaSession(
        "web",
        fun options ->
            options.LoginPath <- PathString "/login"
            options.LogoutPath <- PathString "/logout"
            options.AccessDeniedPath <- PathString "/denied"
            options.RoleClaimType <- "role"
    )
    |> ignore

let private ofCookies (schemes: AuthenticationBuilder) =
    schemes.AddCookie(
        "cookies",
        fun options ->
            options.LoginPath <- PathString "/login"
            options.LogoutPath <- PathString "/logout"
            options.AccessDeniedPath <- PathString "/denied"
    )
    |> ignore

let private started scheme (add: AuthenticationBuilder -> unit) =
    start (
        { host skip with Pipeline = fun app -> app.UsePathBase(PathString "/shop") |> ignore }
        |> withSchemes add policies (endpoints scheme)
    )

let private script = [ "X-Requested-With", "XMLHttpRequest" ]

/// Where an answer leads: its status, and the path and query of its Location.
let private outcome (answer: Answer) : int * string =
    let location = answer.Header "location"
    answer.Status, location.Replace("http://localhost/", "/")

let private asked (app: App) (isSignedIn: bool) (path: string) headers =
    task {
        let browser = app.NewBrowser()

        if isSignedIn then
            let! _ = browser.Get "/elsewhere"
            ()

        let! answer = getWith browser path headers
        return outcome answer
    }

let private rows: (bool * string * (string * string) list * (int * string)) list =
    let login (path: string) = $"/login?ReturnUrl={Uri.EscapeDataString path}"
    let denied (path: string) = $"/denied?ReturnUrl={Uri.EscapeDataString path}"
    let nowhere = ""

    [ false, "/page", [], (302, login "/page")
      false, "/page?a=1&b=%C3%A9", [], (302, login "/page?a=1&b=%C3%A9")
      false, "/shop/page?a=1", [], (302, "/shop" + login "/shop/page?a=1")
      false, "/page", script, (401, login "/page")
      false, "/page?X-Requested-With=XMLHttpRequest", [], (401, login "/page?X-Requested-With=XMLHttpRequest")
      false, "/api", [], (401, login "/api")
      false, "/both", [], (302, login "/both")
      false, "/both", script, (401, login "/both")
      false, "/chiefs", [], (302, login "/chiefs")
      false, "/named", [], (302, login "/then?a=1")
      true, "/page", [], (200, nowhere)
      true, "/api", [], (200, nowhere)
      true, "/chiefs", [], (302, denied "/chiefs")
      true, "/chiefs", script, (403, denied "/chiefs")
      true, "/api/chiefs", [], (403, denied "/api/chiefs")
      true, "/shop/chiefs", [], (302, "/shop" + denied "/shop/chiefs")
      true, "/refused", [], (302, denied "/then")
      false, "/login", [], (200, nowhere)
      false, "/login?ReturnUrl=%2Fcart%3Fa%3D1", [], (302, "/cart?a=1")
      false, "/login?ReturnUrl=%2F", [], (302, "/")
      false, "/login?ReturnUrl=%2Fcart", script, (200, "/cart")
      false, "/elsewhere?ReturnUrl=%2Fcart", [], (200, nowhere)
      false, "/login/api", [], (302, "/welcome")
      false, "/in-to", [], (302, "/welcome")
      false, "/in-to?ReturnUrl=%2Fcart", [], (302, "/welcome")
      false, "/in-202", [], (202, nowhere)
      true, "/logout", [], (200, nowhere)
      true, "/logout?ReturnUrl=%2Fbye", [], (302, "/bye")
      true, "/out-to", [], (302, "https://other.example/bye")
      true, "/out-to", script, (200, "https://other.example/bye")
      false, "/login?ReturnUrl=https%3A%2F%2Fevil.example%2F", [], (200, nowhere)
      false, "/login?ReturnUrl=%2F%2Fevil.example", [], (200, nowhere)
      false, "/login?ReturnUrl=%2F%5Cevil.example", [], (200, nowhere)
      false, "/login?ReturnUrl=", [], (200, nowhere) ]

let private table (name: string) scheme add =
    testCaseTask name (fun () ->
        task {
            use! app = started scheme add

            for isSignedIn, path, headers, expected in rows do
                let! actual = asked app isSignedIn path headers
                Expect.equal actual expected $"%A{(isSignedIn, path, headers)}"
        })

let private redirects =
    testList
        "pages are redirected, scripts are told a status"
        [ table "by the session's scheme" "web" ofSessions
          table "as by cookie authentication" "cookies" ofCookies

          testCaseTask "roles come from the claims" (fun () ->
              task {
                  use! app = started "web" ofSessions
                  let! actual = asked app true "/editors" []
                  Expect.equal actual (200, "") "an editor"
                  let! stranger = asked app false "/editors" []
                  Expect.equal stranger (302, "/login?ReturnUrl=%2Feditors") "a stranger"
              })

          testCaseTask "where no path is set it is 401 and 403, with no Location" (fun () ->
              task {
                  use! app = started "web" (fun schemes -> schemes.AddRunaSession() |> ignore)

                  for isSignedIn, path, headers, expected in
                      [ false, "/page", [], (401, "")
                        false, "/api", script, (401, "")
                        true, "/chiefs", [], (403, "")
                        false, "/login?ReturnUrl=%2Fcart", [], (200, "") ] do
                      let! actual = asked app isSignedIn path headers
                      Expect.equal actual expected path
              })

          testCaseTask "the query's parameter has the name that is set" (fun () ->
              task {
                  use! app =
                      started "web" (fun schemes ->
                          schemes.AddRunaSession(
                              "web",
                              fun options ->
                                  options.LoginPath <- PathString "/login"
                                  options.ReturnUrlParameter <- "next"
                          )
                          |> ignore)

                  for path, expected in
                      [ "/page", (302, "/login?next=%2Fpage")
                        "/login?next=%2Fpage", (302, "/page")
                        "/login?ReturnUrl=%2Fpage", (200, "") ] do
                      let! actual = asked app false path []
                      Expect.equal actual expected path
              }) ]

let private hostile =
    onBoth "a return URL that leads away is not followed" (fun server ->
        task {
            let host = { host skip with Server = server } |> withSchemes ofSessions policies (endpoints "web")
            use! app = start host

            for url in
                [ "https://evil.example/"
                  "//evil.example"
                  "/\\evil.example"
                  "/\t/evil.example"
                  "/\r\n/evil.example"
                  "\t//evil.example"
                  " //evil.example"
                  "/cart\r\nSet-Cookie: a=b"
                  "javascript:alert(1)"
                  "evil.example" ] do
                let! answer = app.NewBrowser().Get $"/login?ReturnUrl={WebUtility.UrlEncode url}"
                Expect.equal (answer.Status, answer.Header "location") (200, "") $"%A{url}"
                Expect.equal answer.SetCookies.Length 1 $"%A{url}: signed in all the same, and nothing smuggled in"

            let! twice = app.NewBrowser().Get "/login?ReturnUrl=%2Fcart&ReturnUrl=%2F%2Fevil.example"
            Expect.equal (twice.Status, twice.Header "location") (200, "") "two are none"
            let! answer = app.NewBrowser().Get "/login?ReturnUrl=%2Fcaf%C3%A9"
            Expect.equal (answer.Status, answer.Header "location") (302, "/caf%C3%A9") "what is not ASCII is encoded"
        })

let private away =
    testCaseTask "a redirect to the login page stays on the host that the browser knows" (fun () ->
        task {
            use! app = started "web" ofSessions
            let! answer = getWith (app.NewBrowser()) "/page" [ "Host", "evil.example" ]
            Expect.equal (answer.Header "location") "/login?ReturnUrl=%2Fpage" "no host in it"
        })

[<Tests>]
let tests = testList "SessionChallenge" [ redirects; hostile; away ]
