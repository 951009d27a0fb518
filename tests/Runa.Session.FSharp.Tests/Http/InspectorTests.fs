module Runa.Session.Tests.InspectorTests

open System
open System.Net
open System.Text.Json
open System.Text.RegularExpressions
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Routing
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site: HttpHandler =
    choose
        [ route "/count" >=> withSession "web" count
          route "/in"
          >=> updateSession
                  "web"
                  (Session.signIn "ann"
                   >> Session.withLabel "Firefox <b>on</b> Linux"
                   >> Session.withClient (Some "192.0.2.7") (Some "Fire<b>fox</b>"))
          >=> text "in"
          route "/wrong" >=> updateSession "web" (Session.signIn "<script>alert(1)</script>") >=> text "in"
          route "/who"
          >=> readSession "web" (fun session -> text (Session.owner session |> Option.defaultValue "nobody"))
          route "/guarded"
          >=> sessionInspector (fun next ctx ->
              if ctx.Request.Headers.ContainsKey "X-Operator" then
                  next ctx
              else
                  setStatusCode 403 (fun ctx -> Task.FromResult(Some ctx)) ctx) ]

let private startedIn (environment: string) (map: IEndpointRouteBuilder -> unit) =
    let pipeline (app: IApplicationBuilder) =
        app.UseRouting() |> ignore
        app.UseAuthentication() |> ignore
        app.UseAuthorization() |> ignore
        app.UseEndpoints(fun endpoints -> map endpoints) |> ignore

    start
        { host site with
            Environment = environment
            Services =
                fun services ->
                    services.AddRouting().AddRunaSessionInspector() |> ignore
                    services.AddAuthentication().AddRunaSession() |> ignore

                    services.AddAuthorization(fun options ->
                        options.AddPolicy("operators", (fun policy -> policy.RequireAuthenticatedUser() |> ignore)))
                    |> ignore
            Pipeline = pipeline }

let private inDevelopment () =
    startedIn "Development" (fun endpoints -> endpoints.MapRunaSessionInspector "/_sessions" |> ignore)

/// The hidden antiforgery field of the page.
let private field (answer: Answer) : string * string =
    let m = Regex.Match(answer.Body, "name=\"(__[^\"]+)\" value=\"([^\"]+)\"")
    Expect.isTrue m.Success "the page has a field"
    m.Groups[1].Value, string (WebUtility.HtmlDecode m.Groups[2].Value)

let private ask (browser: Browser) (fields: (string * string) list) =
    task {
        let! page = browser.Get "/_sessions"
        return! browser.Post("/_sessions", field page :: fields)
    }

let private page =
    testCaseTask
        "the page shows sessions, drivers, rates and events, under a strict policy, and nothing that is secret"
        (fun () ->
            task {
                use! app = inDevelopment ()
                let visitor = app.NewBrowser()
                let! _ = visitor.Get "/count"
                let! _ = visitor.Get "/in"
                let operator = app.NewBrowser()
                let mutable body = ""
                let mutable left = 50

                // Events come after the fact.
                while not (body.Contains "SignedIn") && left > 0 do
                    let! answer = operator.Get "/_sessions"
                    body <- answer.Body
                    left <- left - 1
                    do! Task.Delay 20

                for expected in
                    [ "<h1>Sessions</h1>"
                      "<b>web</b>"
                      "__Host-runa_admin_session"
                      ">answers</span>"
                      "created: 1 in the last 10 minutes"
                      "SignedIn"
                      "Created" ] do
                    Expect.stringContains body expected expected

                for secret in [ "ann"; Seq.head visitor.Jar.Values; secret ] do
                    Expect.isFalse (body.Contains secret) $"promise 5: {secret}"

                Expect.isFalse (body.Contains "<script") "no script"
                let! answer = operator.Get "/_sessions"
                let policy = answer.Header "Content-Security-Policy"
                Expect.stringStarts policy "default-src 'none'; style-src 'nonce-" "policy"
                let nonce = (policy.Split "nonce-")[1] |> fun rest -> rest.Substring(0, rest.IndexOf '\'')
                Expect.stringContains answer.Body $"<style nonce=\"{nonce}\">" "the style's nonce"
                Expect.stringContains (answer.Header "Cache-Control") "no-store" "not stored"
                Expect.equal (answer.Header "X-Content-Type-Options") "nosniff" "not sniffed"
            })

let private owners =
    testCaseTask "an owner's sessions are listed, one and all of them are ended, and labels are encoded" (fun () ->
        task {
            use! app = inDevelopment ()
            let first, second = app.NewBrowser(), app.NewBrowser()
            let! _ = first.Get "/in"
            app.Clock.Advance(TimeSpan.FromSeconds 1.)
            let! _ = second.Get "/in"
            let operator = app.NewBrowser()
            let! listed = ask operator [ "do", "list"; "session", "web"; "owner", "ann" ]
            Expect.equal listed.Status 200 "listed"
            let handles =
                [ for m in Regex.Matches(listed.Body, "name=\"handle\" value=\"([^\"]+)\"") -> m.Groups[1].Value ]
            Expect.equal handles.Length 2 "two sessions"
            Expect.stringContains listed.Body "Firefox &lt;b&gt;on&lt;/b&gt; Linux" "encoded"
            Expect.stringContains
                listed.Body
                "192.0.2.7<br><small>Fire&lt;b&gt;fox&lt;/b&gt;</small>"
                "the client, encoded"
            let! ended = ask operator [ "do", "end"; "session", "web"; "owner", "ann"; "handle", handles.Head ]
            Expect.stringContains ended.Body "The session has ended." "told"
            let! newest = second.Get "/who"
            Expect.equal newest.Body "nobody" "the newest is first"
            let! other = first.Get "/who"
            Expect.equal other.Body "ann" "the other"
            let! again = ask operator [ "do", "end"; "session", "web"; "owner", "ann"; "handle", handles.Head ]
            Expect.stringContains again.Body "That session had already ended." "told"
            let! all = ask operator [ "do", "end-all"; "session", "web"; "owner", "ann" ]
            Expect.stringContains all.Body "Sessions that were ended: 1." "told"
            let! other = first.Get "/who"
            Expect.equal other.Body "nobody" "all"
        })

let private odd =
    testCaseTask "odd owners and unknown sessions are told, and encoded" (fun () ->
        task {
            use! app = inDevelopment ()
            let! _ = app.NewBrowser().Get "/wrong"
            let operator = app.NewBrowser()
            let! listed = ask operator [ "do", "list"; "session", "web"; "owner", "<script>alert(1)</script>" ]
            Expect.isFalse (listed.Body.Contains "<script>") "encoded"
            Expect.stringContains listed.Body "name=\"handle\"" "found"
            let! nobody = ask operator [ "do", "list"; "session", "web"; "owner", "bob" ]
            Expect.stringContains nobody.Body "“bob” has no session “web”." "nobody"
            let! unknown = ask operator [ "do", "list"; "session", "wbe"; "owner", "ann" ]
            Expect.stringContains unknown.Body "Did you mean &quot;web&quot;?" "unknown"
        })

let private failing =
    testCaseTask "what could not be ended is told on the page" (fun () ->
        task {
            use! app = inDevelopment ()
            let operator = app.NewBrowser()
            let! unknown = ask operator [ "do", "end-all"; "session", "wbe"; "owner", "ann" ]
            Expect.equal unknown.Status 200 "the page"
            Expect.stringContains unknown.Body "role=\"status\">There is no session" "told"
        })

let private forged =
    testCaseTask "a form without the page's token, and other methods, change nothing" (fun () ->
        task {
            use! app = inDevelopment ()
            let visitor = app.NewBrowser()
            let! _ = visitor.Get "/in"
            let operator = app.NewBrowser()
            let! _ = operator.Get "/_sessions"
            let! refused = operator.Post("/_sessions", [ "do", "end-all"; "session", "web"; "owner", "ann" ])
            Expect.equal refused.Status 400 "no token"
            let! page = operator.Get "/_sessions"
            let content = new Http.StringContent("{}", Text.Encoding.UTF8, "application/json")
            let path = Uri("/_sessions", UriKind.Relative)
            let request = new Http.HttpRequestMessage(Http.HttpMethod.Post, path, Content = content)
            request.Headers.Add("RequestVerificationToken", snd (field page))
            let! json = operator.SendRaw request
            Expect.equal json.Status 400 "no form, with a token in the header"
            let! odd = operator.Send(Http.HttpMethod.Delete, "/_sessions")
            Expect.equal (odd.Status, odd.Header "Allow") (405, "GET, HEAD, POST") "DELETE"
            let! who = visitor.Get "/who"
            Expect.equal who.Body "ann" "still there"
        })

let private json =
    testCaseTask "the same as JSON, for the last ten minutes" (fun () ->
        task {
            use! app = inDevelopment ()
            let! _ = app.NewBrowser().Get "/count"
            app.Clock.Advance(TimeSpan.FromSeconds 30.)
            let! _ = app.NewBrowser().Get "/count"

            let created () =
                task {
                    let! answer = app.NewBrowser().Get "/_sessions?format=json"
                    Expect.equal (answer.Header "Content-Type") "application/json" "type"
                    use document = JsonDocument.Parse answer.Body
                    let rates = document.RootElement.GetProperty "rates"
                    return [ for number in (rates.GetProperty "created").EnumerateArray() -> number.GetInt64() ]
                }

            let! now = created ()
            Expect.equal now.Length 60 "sixty numbers"
            Expect.equal (now[59], now[56], List.sum now) (1L, 1L, 2L) "now, and thirty seconds ago"
            app.Clock.Advance(TimeSpan.FromMinutes 9.)
            let! later = created ()
            Expect.equal (later[5], later[2], List.sum later) (1L, 1L, 2L) "nine minutes later"
            app.Clock.Advance(TimeSpan.FromMinutes 2.)
            let! gone = created ()
            Expect.equal (List.sum gone) 0L "forgotten"
        })

let private guarded =
    testCaseTask "outside Development the page needs a policy, and lets nobody else in" (fun () ->
        task {
            let bare () =
                startedIn "Production" (fun endpoints -> endpoints.MapRunaSessionInspector "/_sessions" |> ignore)
            let raised = Expect.throwsC (fun () -> (bare ()).GetAwaiter().GetResult() |> ignore) id
            Expect.stringContains raised.Message "needs an authorization policy outside Development" "refuses to start"

            use! app =
                startedIn "Production" (fun endpoints ->
                    endpoints.MapRunaSessionInspector("/_sessions", "operators") |> ignore)

            let stranger = app.NewBrowser()
            let! refused = stranger.Get "/_sessions"
            Expect.equal refused.Status 401 "a stranger"
            let! posted = stranger.Post("/_sessions", [ "do", "end-all"; "session", "web"; "owner", "ann" ])
            Expect.equal posted.Status 401 "a stranger's form"
            let operator = app.NewBrowser()
            let! _ = operator.Get "/in"
            let! seen = operator.Get "/_sessions"
            Expect.equal seen.Status 200 "an operator"
        })

let private asHandler =
    testCaseTask "as a handler it is behind its guard" (fun () ->
        task {
            use! app = inDevelopment ()
            let! refused = app.NewBrowser().Get "/guarded"
            Expect.equal refused.Status 403 "no operator"
            let request = new Http.HttpRequestMessage(Http.HttpMethod.Get, Uri("/guarded", UriKind.Relative))
            request.Headers.Add("X-Operator", "yes")
            let! seen = app.NewBrowser().SendRaw request
            Expect.stringContains seen.Body "action=\"/guarded\"" "the page, at its own path"
        })

let private missing =
    testCaseTask "without AddRunaSessionInspector it says what to call" (fun () ->
        task {
            use! app = start { host site with Pipeline = errorPage }
            let request = new Http.HttpRequestMessage(Http.HttpMethod.Get, Uri("/guarded", UriKind.Relative))
            request.Headers.Add("X-Operator", "yes")
            let! answer = app.NewBrowser().SendRaw request
            Expect.stringContains answer.Body "call services.AddRunaSessionInspector()" "told"
        })

[<Tests>]
let tests =
    testList "Inspector" [ page; owners; odd; failing; forged; json; guarded; asHandler; missing ]
