/// Scopes that are kept when their request has ended: servers use its context for the next one.
module Runa.Session.Tests.KeptScopeTests

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private told (work: unit -> Task<unit>) : Task<string> =
    task {
        try
            do! work ()
            return "saved"
        with e ->
            return e.GetType().Name + ": " + e.Message
    }

let private step (change: Session -> Session) (scope: SessionScope) : Task<unit> =
    task {
        let step (session: Session) = struct (change session, ())
        let! _ = scope.Step(WhenGone.StepAgain, step, CancellationToken.None)
        ()
    }

/// Keeps its session's scope in the first request, and changes it in the next one of the same connection.
let private afterwards (prepare: HttpHandler) (change: Session -> Session) : HttpHandler * (SessionScope voption ref) =
    let kept = ref ValueNone

    let keep =
        prepare
        >=> perform (fun context ->
            task {
                let scope = context.GetSessionScope "web"
                let! _ = scope.Load CancellationToken.None
                kept.Value <- ValueSome scope
            })
        >=> text "kept"

    let late =
        respond (fun context ->
            task {
                let isSame = Object.ReferenceEquals(kept.Value.Value.GetHttpContext(), context)
                let! told = told (fun () -> step change kept.Value.Value)
                do! context.Response.WriteAsync $"{isSame} {told}"
            })

    choose [ route "/keep" >=> keep; route "/late" >=> late; route "/show" >=> shownVisits ], kept

let private kept =
    testList
        "a scope that is kept when its request has ended"
        [ for name, prepare, change in
              [ "begin a session", (fun next context -> next context), Session.set visits 1
                "sign in", updateSession "web" (Session.set visits 5), Session.signIn "alice"
                "move it to a new id", updateSession "web" (Session.set visits 5), Session.regenerate
                "end it", updateSession "web" (Session.set visits 5), Session.destroy ] do
              testCaseTask
                  $"promise 13, 14: cannot {name} in the next request of its context, which does not send its cookie"
                  (fun () ->
                      task {
                          let site, _ = afterwards prepare change
                          let clock = clock ()
                          let driver = TestDriver.Counting(memory clock)

                          use! app =
                              start
                                  { host site with
                                      Server = Server.Kestrel
                                      Clock = clock
                                      Setup = SessionSetup.driver "memory" driver.Driver }

                          let browser = app.NewBrowser()
                          let! _ = browser.Get "/keep"
                          driver.Forget()
                          let! late = app.NewBrowser().Get "/late"
                          Expect.stringStarts late.Body "True " "the server uses the context again"
                          Expect.stringContains late.Body "cannot be saved" "refused"
                          Expect.equal driver.Calls [] "nothing was written"
                          let! show = browser.Get "/show"
                          Expect.equal show.Body (if name = "begin a session" then "0" else "5") "as it was"
                      })

          testCaseTask "promise 13: changes its values, which needs no cookie" (fun () ->
              task {
                  let site, _ = afterwards (updateSession "web" (Session.set visits 5)) (Session.set visits 6)
                  use! app = start { host site with Server = Server.Kestrel }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/keep"
                  let! late = app.NewBrowser().Get "/late"
                  Expect.equal late.Body "True saved" "saved"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "6" "there"
              })

          for server in [ Server.InMemory; Server.Kestrel ] do
              testCaseTask $"promise 14: says so between two requests, on {server}" (fun () ->
                  task {
                      let site, kept = afterwards (fun next context -> next context) (Session.set visits 1)
                      use! app = start { host site with Server = server }
                      let! _ = app.NewBrowser().Get "/keep"
                      let mutable told' = ""

                      // The server ends the request a moment after its answer.
                      while not (told'.Contains "InvalidOperation") && not (told'.Contains "Disposed") do
                          let! told = told (fun () -> step (Session.set visits 1) kept.Value.Value)
                          told' <- told

                      Expect.stringContains told' "cannot be saved" "refused"
                  }) ]

[<Tests>]
let tests = testList "KeptScope" [ kept ]
