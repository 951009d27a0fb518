/// The extensions of HttpContext inside handlers of the flavour.
module Runa.Session.TestSupport.Scenarios.ContextScenarios

open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits

let private handler (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose
    let route, text, shown = flavour.Route, flavour.Text, shown flavour

    let load: HttpHandler =
        fun next ctx ->
            task {
                let! session = ctx.LoadSessionAsync "web"
                return! shown session next ctx
            }

    let update: HttpHandler =
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

    let commit: HttpHandler =
        fun next ctx ->
            task {
                do! ctx.CommitSessionAsync "web"
                return! shown (ctx.GetSession "web") next ctx
            }

    flavour.Choose
        [ route "/load" >=> load
          route "/update" >=> update
          route "/commit" >=> useSession "web" >=> leave "web" >=> commit
          route "/unloaded" >=> got flavour "web" ]

let scenarios (flavour: Flavour) : Test =
    let onSite visit = Flavour.visiting flavour (Flavour.site (handler flavour)) visit

    testList
        "HttpContext"
        [ testCaseTask "UpdateSessionAsync commits, with and without a result" (fun () ->
              onSite (fun _ browser ->
                  task {
                      let! first = browser.Get "/update"
                      expectBody "2" "both steps, and the result of the second" first
                      let! loaded = browser.Get "/load"
                      expectBody "2" "LoadSessionAsync reads them" loaded
                  }))

          testCaseTask "CommitSessionAsync commits what SetSession left, and GetSession shows it" (fun () ->
              onSite (fun _ browser ->
                  task {
                      let! answer = browser.Get "/commit"
                      expectBody "1" "as it stands" answer
                      Expect.hasLength answer.SetCookies 1 "with a cookie"
                      let! loaded = browser.Get "/load"
                      expectBody "1" "and stored, once" loaded
                  }))

          testCaseTask "GetSession without useSession says what to do" (fun () ->
              onSite (fun _ browser ->
                  task {
                      let! answer = browser.Get "/unloaded"
                      expectError "InvalidOperationException" "a mistake" answer
                  })) ]
