/// The extensions of HttpContext inside handlers of Giraffe.
module Runa.Session.Tests.ContextTests

open Giraffe
open Expecto
open Runa.Session
open Runa.Session.Tests.GiraffeHosting

let private load: HttpHandler =
    fun next ctx ->
        task {
            let! session = ctx.LoadSessionAsync "web"
            return! shown session next ctx
        }

let private update: HttpHandler =
    fun next ctx ->
        task {
            do! ctx.UpdateSessionAsync("web", add)

            let! total =
                ctx.UpdateSessionAsync(
                    "web",
                    fun session ->
                        let session = add session
                        session, Session.getOr visits 0 session
                )

            return! text (string total) next ctx
        }

let private commit: HttpHandler =
    useSession "web"
    >=> leave "web"
    >=> fun next ctx ->
        task {
            do! ctx.CommitSessionAsync "web"
            return! shown (ctx.GetSession "web") next ctx
        }

let private unloaded: HttpHandler = fun next ctx -> shown (ctx.GetSession "web") next ctx

let private site: HttpHandler =
    choose
        [ route "/load" >=> load
          route "/update" >=> update
          route "/commit" >=> commit
          route "/unloaded" >=> unloaded ]

[<Tests>]
let tests =
    testList
        "HttpContext"
        [ testCaseTask "UpdateSessionAsync commits, with and without a result" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! first = browser.Get "/update"
                      expectBody "2" "both steps, and the result of the second" first
                      let! loaded = browser.Get "/load"
                      expectBody "2" "LoadSessionAsync reads them" loaded
                  }))

          testCaseTask "CommitSessionAsync commits what SetSession left, and GetSession shows it" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! answer = browser.Get "/commit"
                      expectBody "1" "as it stands" answer
                      Expect.hasLength answer.SetCookies 1 "with a cookie"
                      let! loaded = browser.Get "/load"
                      expectBody "1" "and stored, once" loaded
                  }))

          testCaseTask "GetSession without useSession says what to do" (fun () ->
              visiting (reported site) (fun _ browser ->
                  task {
                      let! answer = browser.Get "/unloaded"
                      Expect.equal answer.Body "error handler: InvalidOperationException, sent: False" "a mistake"
                  })) ]
