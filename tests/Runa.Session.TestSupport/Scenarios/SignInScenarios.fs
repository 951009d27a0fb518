/// Signing in and out, and what is told once.
module Runa.Session.TestSupport.Scenarios.SignInScenarios

open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits

let private findUser (name: string) =
    task {
        do! Task.Yield()
        return if name = "ann" then Some name else None
    }

let private handler (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose
    let route, text = flavour.Route, flavour.Text

    let page view session =
        let notices, session = Session.takeFlashes notice session
        let told = String.concat "," notices
        session, text $"[{told}] {view session}"

    let login: HttpHandler =
        fun next ctx ->
            task {
                match! findUser (string ctx.Request.Query["name"]) with
                | Some user ->
                    let signedIn = updateSession "web" (Session.signIn user >> Session.flash notice "Welcome")
                    return! (signedIn >=> flavour.RedirectTo false "/account") next ctx
                | None -> return! (flavour.SetStatusCode 401 >=> text "log in") next ctx
            }

    flavour.Choose
        [ route "/" >=> withSession "web" (count flavour)
          route "/login" >=> login
          route "/logout" >=> updateSession "web" Session.signOut >=> flavour.RedirectTo false "/"
          route "/account"
          >=> withOwner "web" (flavour.RedirectTo false "/login") (fun owner session -> page (fun _ -> owner) session)
          route "/bye"
          >=> updateSession "web" (Session.signOut >> Session.flash notice "Goodbye")
          >=> flavour.RedirectTo false "/page"
          route "/page" >=> withSession "web" (page (fun session -> string (Session.has visits session))) ]

let scenarios (flavour: Flavour) : Test =
    let onSite server visit = Flavour.visiting flavour { Flavour.site (handler flavour) with Server = server } visit

    testList
        "signing in"
        [ onBoth
              "promise 4, 13: a sign-in changes the id, the target of its redirect lets in, and a flash is told once"
              (fun server ->
                  onSite server (fun _ browser ->
                      task {
                          let! refused = browser.Get "/account"
                          Expect.equal (refused.Status, refused.Header "Location") (302, "/login") "nobody yet"
                          let! _ = browser.Get "/"
                          let before = browser.Cookies
                          let! answer = browser.Get "/login?name=ann"
                          Expect.equal (answer.Status, answer.Header "Location") (302, "/account") "redirected"
                          Expect.notEqual browser.Cookies before "another id"
                          let! first = browser.Get "/account"
                          expectBody "[Welcome] ann" "signed in, with the flash" first
                          let! second = browser.Get "/account"
                          expectBody "[] ann" "told once" second
                      }))

          testCaseTask "a step behind I/O that found nobody stores nothing" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/login?name=eve"
                      Expect.equal (answer.Status, answer.SetCookies) (401, []) "refused, and no cookie"
                      let! refused = browser.Get "/account"
                      Expect.equal (refused.Header "Location") "/login" "withOwner asks to sign in"
                  }))

          testCaseTask "promise 9: after the logout the old cookie is worth nothing" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/login?name=ann"
                      let stolen = browser.Copy()
                      let! answer = browser.Get "/logout"
                      Expect.equal (answer.Status, answer.Header "Location") (302, "/") "redirected"
                      Expect.equal (List.length answer.SetCookies) 1 "the cookie is expired"
                      Expect.isEmpty browser.Cookies "and gone"
                      let! refused = stolen.Get "/account"
                      Expect.equal (refused.Header "Location") "/login" "and the copy leads nowhere"
                  }))

          testCaseTask "a Goodbye after signing out goes into a new session" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let before = browser.Cookies
                      let! _ = browser.Get "/bye"
                      Expect.notEqual browser.Cookies before "another cookie"
                      let! page = browser.Get "/page"
                      expectBody "[Goodbye] False" "the flash, and none of the old values" page
                  }))

          testCaseTask "promise 16: of twenty pages at once one shows the flash" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/login?name=ann"
                      let! answers = Task.WhenAll [ for _ in 1..20 -> browser.Copy().Get "/account" ]
                      let told = answers |> Array.filter (fun answer -> answer.Body = "[Welcome] ann")
                      Expect.hasLength told 1 "exactly once"
                  })) ]
