/// The handlers over sessions that live in their cookies.
module Runa.Session.Tests.CookieSessionTests

open System
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private big = SessionKey.create<string> "big"
let private name = "__Host-runa_session"

/// Of a text that compression would not shrink.
let private letters (length: int) =
    let random = Random length
    String(Array.init length (fun _ -> char (random.Next(int 'a', int 'z' + 1))))

let private fill (session: string) : HttpHandler =
    fun next context ->
        let length = int (string context.Request.Query["length"])
        withSession session (fun s -> Session.set big (letters length) s, text (string length)) next context

let private size (session: string) : HttpHandler =
    readSession session (fun s -> text (string (Session.getOr big "" s).Length))

let private streamed: HttpHandler =
    perform (fun context ->
        task {
            context.GetSession "web" |> ignore
            do! context.Response.WriteAsync "begun, "
            do! context.Response.Body.FlushAsync()

            try
                do! context.UpdateSessionAsync("web", Session.update visits 0 ((+) 1))
                do! context.Response.WriteAsync "saved"
            with :? InvalidOperationException as e ->
                do! context.Response.WriteAsync e.Message
        })
    >=> respond (fun _ -> System.Threading.Tasks.Task.CompletedTask)

let private site =
    choose
        [ route "/count" >=> withSession "web" count
          route "/show" >=> readSession "web" shown
          route "/left" >=> useSession "web" >=> leave "web" >=> text "left"
          route "/task" >=> withSessionTask "web" (fun _ session -> task { return count session })
          route "/flash"
          >=> updateSession "web" (Session.flash notice "Saved")
          >=> redirectTo false "/notices"
          route "/notices"
          >=> withSession "web" (fun session ->
              let notices, session = Session.takeFlashes notice session
              session, text (String.concat "," notices))
          route "/in" >=> updateSession "web" (Session.signIn "ada") >=> text "in"
          route "/mine" >=> withOwner "web" (text "please sign in") (fun owner session -> session, text owner)
          route "/out"
          >=> updateSession "web" (Session.signOut >> Session.flash notice "Goodbye")
          >=> text "out"
          route "/destroy" >=> updateSession "web" Session.destroy >=> text "gone"
          route "/fill" >=> fill "web"
          route "/fill/admin" >=> fill "admin"
          route "/fill/api" >=> fill "api"
          route "/size" >=> size "web"
          route "/size/admin" >=> size "admin"
          route "/size/api" >=> size "api"
          route "/twice" >=> withSession "web" (fun session -> fst (count session), withSession "web" count)
          route "/stored"
          >=> withSession "web" (fun session -> fst (count session), raising (ApplicationException "failed"))
          route "/discarded" >=> useSession "web" >=> leave "web" >=> raising (ApplicationException "failed")
          route "/streamed" >=> useSession "web" >=> streamed ]

let private inCookies (setup: SessionSetup) =
    ([ "web"; "admin"; "api" ], setup)
    ||> List.foldBack (fun name -> SessionSetup.session name (fun o -> { o with Driver = "cookie" }))

let private startOn server = start { host site with Server = server; Setup = inCookies; Pipeline = errorPage }

let private flows =
    testList
        "flows"
        [ onBoth "promise 8, 13: a visitor has no cookie, and reads what it wrote" (fun server ->
              task {
                  use! app = startOn server
                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/show"
                  Expect.equal (answer.Body, answer.SetCookies) ("0", []) "a visitor"

                  for n in 1..3 do
                      for path in [ "/count"; "/left"; "/task"; "/twice" ] do
                          let! _ = browser.Get path
                          ()

                      let! answer = browser.Get "/show"
                      Expect.equal answer.Body (string (5 * n)) "every kind of handler"
                      Expect.equal answer.SetCookies [] "promise 21: reading sends none"

                  Expect.equal (browser.Cookies |> Map.toList |> List.map fst) [ name ] "one cookie"
              })

          onBoth "promise 20: responses vary on the cookie, and are private" (fun server ->
              task {
                  use! app = startOn server
                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/count"
                  Expect.equal (answer.Header "Vary") "Cookie" "Vary"
                  Expect.equal (answer.Header "Cache-Control") "no-cache=\"Set-Cookie\", private" "setting"
                  let! answer = browser.Get "/show"
                  Expect.equal (answer.Header "Cache-Control") "private" "reading"
              })

          onBoth "a flash is shown to the next request and not to the one after" (fun server ->
              task {
                  use! app = startOn server
                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/flash"
                  Expect.equal answer.Status 302 "redirected"
                  let! answer = browser.Get "/notices"
                  Expect.equal answer.Body "Saved" "once"
                  let! answer = browser.Get "/notices"
                  Expect.equal answer.Body "" "not twice"
              })

          onBoth "signing in and out, with a flash after it, and destroying" (fun server ->
              task {
                  use! app = startOn server
                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/mine"
                  Expect.equal answer.Body "please sign in" "before"
                  let! _ = browser.Get "/in"
                  let! answer = browser.Get "/mine"
                  Expect.equal answer.Body "ada" "signed in"
                  let! _ = browser.Get "/out"
                  let! answer = browser.Get "/mine"
                  Expect.equal answer.Body "please sign in" "signed out"
                  let! answer = browser.Get "/notices"
                  Expect.equal answer.Body "Goodbye" "the flash after it"
                  let! _ = browser.Get "/count"
                  let! _ = browser.Get "/destroy"
                  Expect.equal browser.Cookies Map.empty "no cookie is left"
              })

          onBoth "promise 20: what was stored before an error page stays, what was only set is discarded" (fun server ->
              task {
                  use! app = startOn server
                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/stored"
                  Expect.equal answer.Body "error page: ApplicationException: failed" "error page"
                  let! answer = browser.Get "/discarded"
                  Expect.equal answer.Status 500 "failed"
                  let! answer = browser.Get "/show"
                  Expect.equal answer.Body "1" "stored once"
              })

          onBoth
              "after the response has started a change raises, and says why: every change needs the cookie"
              (fun server ->
                  task {
                      use! app = startOn server
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/count"
                      let! answer = browser.Get "/streamed"
                      Expect.stringContains answer.Body "begun, The session \"web\" cannot be saved" "told"
                      Expect.stringContains answer.Body "the response has started" "why"
                      let! answer = browser.Get "/show"
                      Expect.equal answer.Body "1" "as before"
                  }) ]

let private cookieLine (browser: Browser) =
    String.Join("; ", [ for KeyValue(name, value) in browser.Cookies -> $"{name}={value}" ])

let private sizes =
    testList
        "sizes"
        [ onBoth "promise 17: a session of several cookies comes back, shrinks, and goes" (fun server ->
              task {
                  use! app = startOn server
                  let browser = app.NewBrowser()

                  for length, cookies in [ 5_850, 4; 3_500, 3; 2_000, 1; 5_850, 4 ] do
                      let! _ = browser.Get $"/fill?length={length}"
                      Expect.equal browser.Cookies.Count cookies $"cookies of {length} bytes"
                      let! answer = browser.Get "/size"
                      Expect.equal answer.Body (string length) "read"

                  let! _ = browser.Get "/destroy"
                  Expect.equal browser.Cookies Map.empty "no piece is left"
              })

          onBoth "three full sessions in one browser: Kestrel takes their headers, below 32 KiB" (fun server ->
              task {
                  use! app = startOn server
                  let browser = app.NewBrowser()
                  let names = [ ""; "/admin"; "/api" ]

                  for path in names do
                      let! answer = browser.Get $"/fill{path}?length=5850"
                      Expect.equal answer.Status 200 path

                  let length = (cookieLine browser).Length
                  Expect.isGreaterThan length 24_000 "characters"
                  Expect.isLessThan length 32_768 "characters"

                  for path in names do
                      let! answer = browser.Get $"/size{path}"
                      Expect.equal (answer.Status, answer.Body) (200, "5850") path
              })

          onBoth
              "promise 18: too large is an error page with the sizes, and the browser keeps what it had"
              (fun server ->
                  task {
                      use! app = startOn server
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/fill?length=5000"
                      let before = browser.Cookies
                      let! answer = browser.Get "/fill?length=6101"
                      Expect.equal (answer.Status, answer.SetCookies) (500, []) "no cookie"
                      Expect.stringContains answer.Body "SessionTooLargeException" "which"
                      Expect.stringContains answer.Body "8192" "limit"
                      Expect.stringContains answer.Body "\"big\"" "largest key"
                      Expect.equal browser.Cookies before "as before"
                  })

          onBoth
              "promise 6: pieces that are missing, of another browser or never made are ignored, and answered"
              (fun server ->
                  task {
                      use! app = startOn server
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/fill?length=5850"
                      let other = app.NewBrowser()
                      let! _ = other.Get "/fill?length=5851"

                      for change in
                          [ fun (b: Browser) -> b.SetCookie(name, "chunks-999999")
                            fun b -> b.SetCookie(name, "chunks--1")
                            fun b -> b.SetCookie(name, "chunks-2")
                            fun b -> b.SetCookie($"{name}C2", other.Cookies[$"{name}C2"])
                            fun b -> b.SetCookie($"{name}C3", "")
                            fun b -> b.SetCookie($"{name}C1", Uri.EscapeDataString("%" + browser.Cookies[$"{name}C1"])) ] do
                          let forged = browser.Copy()
                          change forged
                          let! answer = forged.Get "/size"
                          Expect.equal (answer.Status, answer.Body, answer.SetCookies) (200, "0", []) "no session"
                          // And what it stores next is whole.
                          let! _ = forged.Get "/fill?length=10"
                          let! answer = forged.Get "/size"
                          Expect.equal
                              (answer.Body, forged.Cookies.Count)
                              ("10", 1)
                              "a session of its own, no stale piece"
                  }) ]

[<Tests>]
let tests = testList "cookie sessions" [ flows; sizes ]
