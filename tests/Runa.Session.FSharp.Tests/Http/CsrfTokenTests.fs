module Runa.Session.Tests.CsrfTokenTests

open System
open System.Net.Http
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site: HttpHandler =
    CsrfToken.validate "web" (setStatusCode 403 >=> text "refused")
    >=> choose
            [ route "/form"
              >=> withSession "web" (fun session ->
                  let token, session = CsrfToken.issue session
                  session, text token)
              route "/open" >=> withSession "web" count
              route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
              route "/out" >=> updateSession "web" Session.signOut >=> text "out"
              route "/count" >=> withSession "web" count ]

let private tokenOf (browser: Browser) =
    task {
        let! answer = browser.Get "/form"
        return answer.Body
    }

let private post (browser: Browser) (path: string) (token: string) =
    task {
        let! answer = browser.Post(path, [ CsrfToken.fieldName, token ])
        return answer.Status, answer.Body
    }

let private refused = 403, "refused"

let private inForm =
    testCaseTask "a form with the session's token is let through, others are refused" (fun () ->
        task {
            use! app = start (host site)
            let ann, eve = app.NewBrowser(), app.NewBrowser()
            let! token = tokenOf ann
            let! ofEve = tokenOf eve
            let! counted = post ann "/count" token
            Expect.equal counted (200, "1") "her own"

            for wrong in
                [ ""
                  "x"
                  ofEve
                  token + "A"
                  token + "=="
                  token + "\n"
                  token.Insert(40, " ")
                  token.Substring 1
                  token.Remove(10, 1).Insert(10, (if token[10] = 'A' then "B" else "A"))
                  String('A', 86)
                  String('%', 86)
                  "é" ] do
                let! answer = post ann "/count" wrong
                Expect.equal answer refused wrong

            let! without = ann.Post("/count", [])
            Expect.equal without.Status 403 "no field"
            let! stranger = post (app.NewBrowser()) "/count" token
            Expect.equal stranger refused "no session"
            let! again = post ann "/count" token
            Expect.equal again (200, "2") "a token is not used up"
        })

let private inHeader =
    testCaseTask "a script sends the token in a header, which goes before the form" (fun () ->
        task {
            use! app = start (host site)
            let browser = app.NewBrowser()
            let! token = tokenOf browser

            let send (content: HttpContent) (header: string) =
                task {
                    let path = Uri("/count", UriKind.Relative)
                    let request = new HttpRequestMessage(HttpMethod.Post, path, Content = content)

                    if header <> "" then
                        request.Headers.Add(CsrfToken.headerName, header)

                    let! answer = browser.SendRaw request
                    return answer.Status
                }

            let json () = new StringContent("{}", Text.Encoding.UTF8, "application/json")
            let! script = send (json ()) token
            Expect.equal script 200 "json with the header"
            let! without = send (json ()) ""
            Expect.equal without 403 "json without it"
            let form () = new FormUrlEncodedContent(dict [ CsrfToken.fieldName, token ])
            let! overruled = send (form ()) "wrong"
            Expect.equal overruled 403 "a wrong header beside a right field"

            for mediaType, body in
                [ "multipart/form-data; boundary=\"----part\"", "no parts"
                  "multipart/form-data", "no boundary"
                  "application/x-www-form-urlencoded; charset=utf-7", $"csrf_token={token}" ] do
                let broken = new StringContent(body)
                broken.Headers.ContentType <- Headers.MediaTypeHeaderValue.Parse mediaType
                let! malformed = send broken ""
                Expect.equal malformed 403 $"a body that is no form: {mediaType}"
        })

let private signIns =
    testCaseTask
        "promise 4: a sign-in and a sign-out make earlier tokens invalid, and the secret stays unknown"
        (fun () ->
            task {
                use! app = start (host site)
                let browser = app.NewBrowser()
                let! before = tokenOf browser
                let! signedIn = post browser "/in" before
                Expect.equal signedIn (200, "in") "signed in"
                let! late = post browser "/count" before
                Expect.equal late refused "a form from before"
                let! fresh = tokenOf browser
                let! counted = post browser "/count" fresh
                Expect.equal counted (200, "1") "a form from after"
                app.Clock.Advance(TimeSpan.FromSeconds 1.)
                let! again = post browser "/in" fresh
                Expect.equal again (200, "in") "the same owner once more"
                let! late = post browser "/count" fresh
                Expect.equal late refused "a form from before the second sign-in"
                let! fresh = tokenOf browser
                let! out = post browser "/out" fresh
                Expect.equal out (200, "out") "signed out"
                let! late = post browser "/count" fresh
                Expect.equal late refused "a form from before the sign-out"
            })

let private drivers =
    testList
        "its secret lives in the session"
        [ for driver in [ "memory"; "cookie" ] do
              testCaseTask $"on the driver {driver}" (fun () ->
                  task {
                      let setup = SessionSetup.session "web" (fun o -> { o with Driver = driver })
                      use! app = start { host site with Setup = setup }
                      let browser = app.NewBrowser()
                      let! token = tokenOf browser
                      let! counted = post browser "/count" token
                      Expect.equal counted (200, "1") "let through"
                  }) ]

let private atOnce =
    testCaseTask "first tokens of handlers that run once and are merged are all valid" (fun () ->
        task {
            let gate = TaskCompletionSource()
            use arrived = new CountdownEvent 3

            let once =
                withSessionTask "web" (fun _ session ->
                    task {
                        let token, session = CsrfToken.issue session
                        arrived.Signal() |> ignore
                        do! gate.Task
                        return session, text token
                    })

            use! app = start (host (choose [ route "/once" >=> once; site ]))
            let browser = app.NewBrowser()
            let! _ = browser.Get "/open"
            let pages = [ for _ in 1..3 -> browser.Copy().Get "/once" ]
            Expect.isTrue (arrived.Wait(TimeSpan.FromMinutes 1.)) "all of them have a token"
            gate.SetResult()

            for page in pages do
                let! page = page
                let! status, _ = post browser "/count" page.Body
                Expect.equal status 200 "a page of them"
        })

let private session = Session.empty "web"

[<Tests>]
let tests =
    testList
        "CsrfToken"
        [ inForm
          inHeader
          signIns
          atOnce
          drivers
          test "each issue is another text of 86 characters, and all are valid" {
              let first, session = CsrfToken.issue session
              let issued = [ for _ in 1..100 -> fst (CsrfToken.issue session) ]
              Expect.equal (Set(first :: issued)).Count 101 "all different"

              for token in first :: issued do
                  Expect.equal token.Length 86 token
                  Expect.isTrue (CsrfToken.isValid token session) token
          }
          test "an issue after the first leaves the session as it is" {
              let _, session = CsrfToken.issue session
              Expect.isTrue (obj.ReferenceEquals(snd (CsrfToken.issue session), session)) "the same"
          }
          test "a session that issued none accepts none" {
              let token, _ = CsrfToken.issue session
              Expect.isFalse (CsrfToken.isValid null session) "null"
              Expect.isFalse (CsrfToken.isValid "" session) "empty"
              Expect.isFalse (CsrfToken.isValid token session) "another session's"
          } ]
