module Runa.Session.Tests.FreshSessionTests

open System
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authorization
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private minutes (count: float) = TimeSpan.FromMinutes count
let private ten = minutes 10.
let private owned (owner: string) (session: Session) : Session * HttpHandler = session, text $"{owner} may"

let private site: HttpHandler =
    choose
        [ route "/in"
          >=> updateSession "web" (Session.signInWith "ann" (Map [ "role", [ "editor" ] ]) >> Session.set visits 7)
          >=> text "in"
          route "/stay"
          >=> updateSession "web" (Session.signIn "ann" >> Session.withLifetime (TimeSpan.FromDays 10.))
          >=> text "in"
          route "/again" >=> updateSession "web" Session.reauthenticate >=> text "again"
          route "/admin/in" >=> updateSession "admin" (Session.signIn "root") >=> text "in"
          route "/admin/again" >=> updateSession "admin" Session.reauthenticate >=> text "again"
          route "/password" >=> withFreshOwner "web" ten (ReturnUrl.signInAt "/again") owned
          route "/who"
          >=> readSession "web" (fun session ->
              let role = Session.claims session |> Map.tryFind "role" |> Option.defaultValue [] |> String.concat ","
              text $"{Session.owner session} {role} {Session.getOr visits 0 session}")
          route "/end"
          >=> readSession "web" (fun session -> text (string (Session.expiresAt session - Session.createdAt session)))
          route "/at"
          >=> readSession "web" (fun session -> text $"{Session.authenticatedAt session = Session.signedInAt session}") ]

let private get (browser: Browser) path =
    task {
        let! answer = browser.Get path
        return answer.Status, (if answer.Status = 200 then answer.Body else answer.Header "location")
    }

let private handler =
    testCaseTask
        "withFreshOwner lets an owner through until the sign-in is too long ago, and again after reauthenticate"
        (fun () ->
            task {
                use! app = start (host site)
                let browser = app.NewBrowser()
                let! stranger = get browser "/password"
                Expect.equal stranger (302, "/again?ReturnUrl=%2Fpassword") "a stranger"
                let! _ = browser.Get "/in"
                app.Clock.Advance ten
                let! fresh = get browser "/password"
                Expect.equal fresh (200, "ann may") "ten minutes ago"
                app.Clock.Advance(TimeSpan.FromSeconds 1.)
                let! stale = get browser "/password"
                Expect.equal stale (302, "/again?ReturnUrl=%2Fpassword") "longer ago"
                let! again = get browser "/again"
                Expect.equal again (200, "again") "authenticated again"
                let! fresh = get browser "/password"
                Expect.equal fresh (200, "ann may") "fresh again"
            })

let private keeps =
    testCaseTask
        "promise 4: reauthenticate changes the id, and keeps owner, claims, values and the length of the life"
        (fun () ->
            task {
                use! app = start (host site)
                let browser = app.NewBrowser()
                let! _ = browser.Get "/in"
                let old = browser.Copy()
                let! _ = browser.Get "/again"
                Expect.notEqual browser.Cookies old.Cookies "another id"
                let! who = get browser "/who"
                Expect.equal who (200, "Some(ann) editor 7") "all is kept"
                let! gone = get old "/who"
                Expect.equal gone (200, "  0") "the old id is worthless"
                let! at = get browser "/at"
                Expect.equal at (200, "True") "authenticatedAt"
                let staying = app.NewBrowser()
                let! _ = staying.Get "/stay"
                app.Clock.Advance(TimeSpan.FromDays 3.)
                let! _ = staying.Get "/again"
                let! life = get staying "/end"
                Expect.equal life (200, string (TimeSpan.FromDays 10.)) "ten days from now on"
            })

let private nobody =
    testCaseTask "reauthenticate without an owner raises, and says what to do" (fun () ->
        task {
            use! app = start { host site with Pipeline = errorPage }
            let! answer = app.NewBrowser().Get "/again"
            Expect.stringContains answer.Body "Nobody is signed in to the session \"web\"" "the message"
            Expect.stringContains answer.Body "call Session.signIn" "what to do"
        })

let private secured (reauthentication: string) (denied: string) =
    let policies (options: AuthorizationOptions) =
        options.AddPolicy("fresh", (fun policy -> policy.RequireFreshSession ten |> ignore))

    let endpoints (app: IApplicationBuilder) =
        app.UseRouting() |> ignore
        app.UseAuthentication() |> ignore
        app.UseAuthorization() |> ignore

        app.UseEndpoints(fun endpoints ->
            endpoints.MapGet("/secure", toRequestDelegate (text "secure")).RequireAuthorization "fresh"
            |> ignore)
        |> ignore

    start
        { host site with
            Services =
                fun services ->
                    services.AddRouting() |> ignore

                    services
                        .AddAuthentication()
                        .AddRunaSession(
                            "web",
                            fun options ->
                                options.LoginPath <- PathString "/login"

                                if denied <> "" then
                                    options.AccessDeniedPath <- PathString denied

                                if reauthentication <> "" then
                                    options.ReauthenticationPath <- PathString reauthentication
                        )
                    |> ignore

                    services.AddAuthorization policies |> ignore
            Pipeline = endpoints }

let private policy =
    testCaseTask
        "a policy refuses a sign-in that is too long ago: with 403, or a redirect where to authenticate again"
        (fun () ->
            task {
                for reauthentication, denied, expected in
                    [ "", "", (403, "")
                      "", "/denied", (302, "/denied?ReturnUrl=%2Fsecure")
                      "/confirm", "/denied", (302, "/confirm?ReturnUrl=%2Fsecure") ] do
                    use! app = secured reauthentication denied
                    let browser = app.NewBrowser()
                    let! stranger = get browser "/secure"
                    Expect.equal stranger (302, "/login?ReturnUrl=%2Fsecure") "a stranger"
                    let! _ = browser.Get "/in"
                    let! fresh = get browser "/secure"
                    Expect.equal fresh (200, "secure") "fresh"
                    app.Clock.Advance(ten + TimeSpan.FromSeconds 1.)
                    let! stale = get browser "/secure"
                    Expect.equal stale expected $"stale, with %A{(reauthentication, denied)}"
                    let! _ = browser.Get "/again"
                    let! fresh = get browser "/secure"
                    Expect.equal fresh (200, "secure") "fresh again"
            })

/// A page that wants both sessions fresh, in this order, by a policy of these schemes.
let private securedTwice (sessions: string list) (schemes: string list) =
    let policies (options: AuthorizationOptions) =
        options.AddPolicy(
            "fresh",
            fun policy ->
                policy.AddAuthenticationSchemes(Array.ofList schemes) |> ignore

                for session in sessions do
                    policy.RequireFreshSession(session, ten) |> ignore
        )

    let endpoints (app: IApplicationBuilder) =
        app.UseRouting() |> ignore
        app.UseAuthentication() |> ignore
        app.UseAuthorization() |> ignore

        app.UseEndpoints(fun endpoints ->
            endpoints.MapGet("/secure", toRequestDelegate (text "secure")).RequireAuthorization "fresh"
            |> ignore)
        |> ignore

    let scheme (name: string) (builder: AuthenticationBuilder) =
        builder.AddRunaSession(
            name,
            fun options ->
                options.AccessDeniedPath <- PathString $"/denied/{name}"
                options.ReauthenticationPath <- PathString $"/confirm/{name}"
        )

    start
        { host site with
            Services =
                fun services ->
                    services.AddRouting() |> ignore
                    services.AddAuthentication "web" |> scheme "web" |> scheme "admin" |> ignore
                    services.AddAuthorization policies |> ignore
            Pipeline = endpoints }

let private twoSessions =
    testCaseTask "of two sessions in one policy, the first that is stale says where to authenticate again" (fun () ->
        task {
            let to' (name: string) = 302, "/confirm/" + name + "?ReturnUrl=%2Fsecure"

            for sessions, schemes, both in
                [ [ "web"; "admin" ], [ "web"; "admin" ], "web"
                  [ "admin"; "web" ], [ "web"; "admin" ], "admin"
                  [ "admin"; "web" ], [ "admin"; "web" ], "admin"
                  // Only the scheme of the policy is asked.
                  [ "web"; "admin" ], [ "web" ], "web" ] do
                let case = $"%A{(sessions, schemes)}"
                use! app = securedTwice sessions schemes
                let browser = app.NewBrowser()
                let! _ = browser.Get "/in"
                let! _ = browser.Get "/admin/in"
                let! fresh = get browser "/secure"
                Expect.equal fresh (200, "secure") $"fresh, {case}"
                app.Clock.Advance(ten + TimeSpan.FromSeconds 1.)
                let! stale = get browser "/secure"
                Expect.equal stale (to' both) $"both are stale, {case}"
                let! _ = browser.Get "/admin/again"
                let! stale = get browser "/secure"
                Expect.equal stale (to' "web") $"web is stale, {case}"
                let! _ = browser.Get "/again"
                let! fresh = get browser "/secure"
                Expect.equal fresh (200, "secure") $"fresh again, {case}"
                app.Clock.Advance ten
                let! _ = browser.Get "/again"
                app.Clock.Advance(TimeSpan.FromSeconds 1.)

                if schemes.Length = 2 then
                    let! stale = get browser "/secure"
                    Expect.equal stale (to' "admin") $"admin is stale, {case}"
        })

[<Tests>]
let tests =
    testList
        "Fresh sessions"
        [ handler
          keeps
          nobody
          policy
          twoSessions
          test "an age that is not positive is refused when the handler is made" {
              for age in [ TimeSpan.Zero; -ten ] do
                  Expect.throwsT<ArgumentOutOfRangeException>
                      (fun () -> withFreshOwner "web" age skip owned |> ignore)
                      $"{age}"
                  Expect.throwsT<ArgumentOutOfRangeException>
                      (fun () -> AuthorizationPolicyBuilder().RequireFreshSession age |> ignore)
                      $"policy, {age}"
          } ]
