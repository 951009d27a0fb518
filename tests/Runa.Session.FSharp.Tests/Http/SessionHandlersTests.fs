module Runa.Session.Tests.SessionHandlersTests

open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

// As design.md has them, without a type annotation.

let private home =
    withSession "web" (fun session ->
        let n = 1 + Session.getOr visits 0 session
        session |> Session.set visits n, text $"You have been here {n} times")

let private page view session =
    let notices, session = Session.takeFlashes notice session
    let told = String.concat "," notices
    session, text $"[{told}] {view session}"

let private logout = updateSession "web" Session.signOut >=> redirectTo false "/"

let private cart =
    withOwner "web" (redirectTo false "/login") (fun owner session -> page (fun _ -> $"cart of {owner}") session)

let private findUser (name: string) =
    task {
        do! Task.Yield()
        return if name = "ann" then Some name else None
    }

let private login: HttpHandler =
    fun next ctx ->
        task {
            match! findUser (ctx.Request.Query["name"].ToString()) with
            | Some user ->
                return!
                    (updateSession "web" (Session.signIn user >> Session.flash notice "Welcome")
                     >=> redirectTo false "/cart")
                        next
                        ctx
            | None -> return! (setStatusCode 401 >=> text "log in") next ctx
        }

let private adminPages: HttpHandler =
    choose
        [ route "/count" >=> leave "admin" >=> text "left"
          route "/" >=> fun _ ctx -> shown (ctx.GetSession "admin") (Some >> Task.FromResult) ctx ]

let private site =
    choose
        [ route "/" >=> home
          route "/login" >=> login
          route "/logout" >=> logout
          route "/cart" >=> cart
          route "/page" >=> withSession "web" (page (fun session -> string (Session.has visits session)))
          route "/bye"
          >=> updateSession "web" (Session.signOut >> Session.flash notice "Goodbye")
          >=> redirectTo false "/page"
          subRoute "/admin" (useSession "admin" >=> adminPages) ]

let private onSite (server: Server) (visit: App -> Browser -> Task<unit>) : Task<unit> =
    task {
        use! app = start { host site with Server = server }
        return! visit app (app.NewBrowser())
    }

let private reading =
    testList
        "as applications write them"
        [ onBoth "promise 13: a visitor is counted from request to request" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! second = browser.Get "/"
                      Expect.equal second.Body "You have been here 2 times" "counted"
                  }))

          onBoth "promise 13: the target of a redirect sees what the redirecting request stored" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! answer = browser.Get "/login?name=ann"
                      Expect.equal (answer.Status, answer.Header "Location") (302, "/cart") "redirected"
                      let! first = browser.Get "/cart"
                      Expect.equal first.Body "[Welcome] cart of ann" "signed in, with the flash"
                      let! second = browser.Get "/cart"
                      Expect.equal second.Body "[] cart of ann" "a flash is taken once"
                  }))

          testCaseTask "a step behind I/O that found nobody stores nothing" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/login?name=eve"
                      Expect.equal (answer.Status, answer.SetCookies) (401, []) "refused, and no cookie"
                      let! refused = browser.Get "/cart"
                      Expect.equal (refused.Header "Location") "/login" "withOwner asks to sign in"
                  }))

          testCaseTask "promise 9: after the logout the old cookie is worth nothing" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/login?name=ann"
                      let stolen = browser.Copy()
                      let! answer = browser.Get "/logout"
                      Expect.equal (List.length answer.SetCookies) 1 "the cookie is expired"
                      Expect.isEmpty browser.Cookies "and gone"
                      let! refused = stolen.Get "/cart"
                      Expect.equal (refused.Header "Location") "/login" "no longer signed in"
                  }))

          testCaseTask "a Goodbye after signing out goes into a new session" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let before = browser.Cookies
                      let! _ = browser.Get "/bye"
                      Expect.notEqual browser.Cookies before "another cookie"
                      let! page = browser.Get "/page"
                      Expect.equal page.Body "[Goodbye] False" "the flash, and none of the old values"
                  }))

          onBoth "promise 22: a session of another name lives beside it, behind useSession" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! _ = browser.Get "/admin/count"
                      let! _ = browser.Get "/admin/count"
                      let! admin = browser.Get "/admin/"
                      let! web = browser.Get "/"
                      Expect.equal admin.Body "2" "counted under admin"
                      Expect.equal web.Body "You have been here 2 times" "and apart from web"
                      Expect.equal browser.Cookies.Count 2 "two cookies"
                  }))

          testCaseTask "an unknown path is 404, by toRequestDelegate" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/nowhere"
                      Expect.equal (answer.Status, answer.Body) (404, "") "nobody answers"
                  })) ]

[<Tests>]
let tests = testList "SessionHandlers" [ reading ]
