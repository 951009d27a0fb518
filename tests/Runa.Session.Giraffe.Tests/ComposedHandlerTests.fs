/// Every handler of the library under Giraffe's >=>.
module Runa.Session.Tests.ComposedHandlerTests

open System.Threading
open System.Threading.Tasks
open Giraffe
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.GiraffeHosting

// None of those that a handler of the library makes alone needs a type annotation.

let private home = withSession "web" count
let private show = readSession "web" shown
let private logout = updateSession "web" Session.signOut >=> redirectTo false "/"

let private account =
    withOwner "web" (redirectTo false "/login") (fun owner session ->
        let notices, session = Session.takeFlashes notice session
        let told = String.concat "," notices
        session, text $"[{told}] {owner}")

[<CLIMutable>]
type Login = { Name: string }

let private login: HttpHandler =
    bindQuery<Login> None (fun query ->
        updateSession "web" (Session.signIn query.Name >> Session.flash notice "Welcome")
        >=> redirectTo false "/account")

let private bought =
    withSessionTask "web" (fun ctx session ->
        task {
            do! Task.Yield()
            let sku = string ctx.Request.Query["sku"]
            return Session.set notice sku session, setHttpHeader "X-Bought" sku >=> text "thank you"
        })

let private site: HttpHandler =
    choose
        [ route "/" >=> home
          route "/show" >=> setHttpHeader "X-Before" "1" >=> show
          route "/login" >=> login
          route "/logout" >=> logout
          route "/account" >=> account
          route "/buy" >=> bought
          route "/left" >=> useSession "web" >=> leave "web" >=> setStatusCode 201 >=> text "left"
          route "/updated" >=> updateSession "web" add >=> show
          route "/result" >=> updateSession "web" add >=> ofResult (Results.Text "a result") ]

let private onSite (server: Server) (visit: App -> Browser -> Task<unit>) =
    visiting { giraffe site with Server = server } visit

let private each =
    testList
        "each"
        [ onBoth "promise 13: withSession commits before the handler beside it answers" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! first = browser.Get "/"
                      let! second = browser.Get "/"
                      Expect.equal (first.Body, second.Body) ("1", "2") "counted"
                      Expect.equal (List.length first.SetCookies, second.SetCookies) (1, []) "one cookie, once"
                  }))

          testCaseTask "promise 13: updateSession goes on with what follows, which sees the change" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/updated"
                      expectBody "1" "the reader behind it sees the visit" answer
                  }))

          testCaseTask "promise 8: readSession writes nothing, and sets no cookie" (fun () ->
              counting (giraffe site) (fun _ browser driver ->
                  task {
                      let! stranger = browser.Get "/show"
                      Expect.equal (stranger.Body, stranger.SetCookies) ("0", []) "a stranger stays one"
                      Expect.equal (stranger.Header "X-Before") "1" "the handler before it ran"
                      Expect.isEmpty driver.Calls "the store is not asked about a stranger"
                      let! _ = browser.Get "/"
                      driver.Forget()
                      let! known = browser.Get "/show"
                      expectBody "1" "a visitor is read" known
                      Expect.equal driver.Calls [ StoreOperation.Load ] "once, and nothing is written"
                  }))

          onBoth "promise 4: updateSession signs in, withOwner lets in, and a flash is told once" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! refused = browser.Get "/account"
                      Expect.equal (refused.Status, refused.Header "Location") (302, "/login") "nobody yet"
                      let! _ = browser.Get "/"
                      let before = browser.Cookies
                      let! _ = browser.Get "/login?name=ann"
                      Expect.notEqual browser.Cookies before "another id"
                      let! first = browser.Get "/account"
                      let! second = browser.Get "/account"
                      Expect.equal (first.Body, second.Body) ("[Welcome] ann", "[] ann") "told once"
                  }))

          testCaseTask "promise 9: after the logout the old cookie is worth nothing" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/login?name=ann"
                      let stolen = browser.Copy()
                      let! _ = browser.Get "/logout"
                      Expect.isEmpty browser.Cookies "the browser has none"
                      let! refused = stolen.Get "/account"
                      Expect.equal (refused.Header "Location") "/login" "and the copy leads nowhere"
                  }))

          testCaseTask "withSessionTask runs once, and its handler composes" (fun () ->
              onSite Server.InMemory (fun app browser ->
                  task {
                      let! answer = browser.Get "/buy?sku=tea"
                      expectBody "thank you" "answered" answer
                      Expect.equal (answer.Header "X-Bought") "tea" "by the handlers beside the step"
                      let cookie = browser.Cookies |> Map.toList |> List.exactlyOne
                      let header = Some $"{fst cookie}={snd cookie}"
                      let! session = app.Registry |> SessionRegistry.load "web" header CancellationToken.None
                      Expect.equal (Session.tryGet notice session) (Some "tea") "stored"
                  }))

          onBoth "promise 13: what is left behind useSession is committed before the first byte" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! left = browser.Get "/left"
                      Expect.equal (left.Status, left.Body) (201, "left") "answered"
                      Expect.equal (List.length left.SetCookies) 1 "with the cookie"
                      let! show = browser.Get "/show"
                      expectBody "1" "and stored" show
                  }))

          testCaseTask "ofResult ends a pipeline with a result of ASP.NET Core" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/result"
                      expectBody "a result" "answered" answer
                  }))

          testCaseTask "toRequestDelegate runs a handler of Giraffe as an endpoint" (fun () ->
              visiting { giraffe (fun _ _ -> skipPipeline) with Handler = site } (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! second = browser.Get "/"
                      expectBody "2" "counted" second
                      let! missing = browser.Get "/nowhere"
                      Expect.equal missing.Status 404 "one that declines is 404"
                  })) ]

let private together =
    testList
        "together"
        [ testCaseTask "promise 12: a hundred visits at once are a hundred visits" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! answers = Task.WhenAll [ for _ in 1..100 -> browser.Copy().Get "/" ]
                      let counted = answers |> Array.map (fun answer -> int answer.Body) |> Array.sort |> List.ofArray
                      Expect.equal counted [ 2..101 ] "each is counted, none twice"
                  }))

          testCaseTask "promise 16: of twenty pages at once one shows the flash" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/login?name=ann"
                      let! answers = Task.WhenAll [ for _ in 1..20 -> browser.Copy().Get "/account" ]
                      let told = answers |> Array.filter (fun answer -> answer.Body = "[Welcome] ann")
                      Expect.hasLength told 1 "exactly once"
                  })) ]

[<Tests>]
let tests = testList "Composed handlers" [ each; together ]
