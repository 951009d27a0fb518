/// Promise 27: every way to sign in loses against a revocation that begins and ends while its request runs.
module Runa.Session.Tests.SignInWaysTests

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.Tests.Aged
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes

/// Has the password checked; meanwhile all sessions of ann are ended.
type private Check(registry: unit -> SessionRegistry) =
    /// What happens during the check.
    member val Meanwhile: unit -> Task = (fun () -> Task.CompletedTask) with get, set

    member check.Password() : Task = check.Meanwhile()

    member _.Revoke() : Task =
        task {
            let! _ = SessionRegistry.revokeOwner "web" "ann" CancellationToken.None (registry ())
            ()
        }

let private site (check: Check) =
    let slowly = perform (fun _ -> check.Password())

    choose
        [ route "/task"
          >=> withSessionTask "web" (fun _ session ->
              task {
                  do! check.Password()
                  return Session.signIn "ann" session, text "in"
              })
          route "/set"
          >=> useSession "web"
          >=> slowly
          >=> perform (fun context ->
              context.SetSession(Session.signIn "ann" (context.GetSession "web"))
              Task.CompletedTask)
          >=> text "in"
          route "/step"
          >=> readSession "web" (fun _ -> slowly >=> updateSession "web" (Session.signIn "ann") >=> text "in")
          route "/update"
          >=> perform (fun context ->
              task {
                  let! _ = context.LoadSessionAsync "web"
                  do! check.Password()
                  do! context.UpdateSessionAsync("web", Session.signIn "ann")
              })
          >=> text "in"
          route "/scheme" >=> slowly >=> signIn "web" ann >=> text "in"
          route "/visit" >=> updateSession "web" (Session.set (SessionKey.create<int> "n") 1) >=> text "hello"
          route "/who"
          >=> readSession "web" (fun session -> text (defaultArg (Session.owner session) "nobody")) ]

let private started () =
    task {
        let registry = ref Unchecked.defaultof<SessionRegistry>
        let check = Check(fun () -> registry.Value)

        let! app =
            start
                { web (site check) with
                    Setup = SessionSetup.driverFrom "memory" (fun _ -> aged (memory (clock ()))) }

        registry.Value <- app.Registry
        return app, check
    }

let private ways = [ "/task"; "/set"; "/step"; "/update"; "/scheme" ]

[<Tests>]
let tests =
    testList
        "ways to sign in"
        [ for way in ways do
              for isVisitor in [ true; false ] do
                  let who = if isVisitor then "with a session" else "without a cookie"

                  testCaseTask
                      $"promise 27: {way}, {who}, loses against a revocation, and the next request signs in"
                      (fun () ->
                          task {
                              let! app, check = started ()
                              use app = app
                              let browser = app.NewBrowser()

                              if isVisitor then
                                  let! _ = browser.Get "/visit"
                                  ()

                              check.Meanwhile <- check.Revoke
                              let! answer = browser.Get way
                              Expect.stringContains answer.Body "SessionConflictException" "refused"
                              let! devices = SessionRegistry.forOwner "web" "ann" CancellationToken.None app.Registry
                              Expect.equal devices [] "nobody is signed in"
                              check.Meanwhile <- fun () -> Task.CompletedTask
                              let! answer = browser.Get way
                              Expect.equal answer.Body "in" "at once"
                              let! answer = browser.Get "/who"
                              Expect.equal answer.Body "ann" "signed in"
                          }) ]
