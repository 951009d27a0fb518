module Runa.Session.Tests.FaultTests

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site =
    choose
        [ route "/none" >=> text "no session"
          route "/show" >=> readSession "web" shown
          route "/count" >=> withSession "web" count
          route "/task" >=> withSessionTask "web" (fun _ session -> Task.FromResult(count session))
          route "/left" >=> useSession "web" >=> leave "web" >=> text "left"
          route "/use" >=> useSession "web" >=> text "used"
          route "/load"
          >=> respond (fun context ->
              task {
                  let! session = context.LoadSessionAsync "web"
                  do! context.Response.WriteAsync(Session.toJson session)
              })
          route "/guarded" >=> withOwner "web" (text "log in") (fun owner session -> session, text owner)
          route "/login" >=> updateSession "web" (Session.signIn "ann") >=> text "welcome"
          route "/logout" >=> updateSession "web" Session.signOut >=> text "bye"
          route "/regenerate" >=> updateSession "web" Session.regenerate >=> text "moved" ]

let private readers = [ "/show"; "/use"; "/load"; "/guarded" ]
let private writers = [ "/count"; "/task"; "/left"; "/login"; "/regenerate" ]

let private started (server: Server) (timeout: TimeSpan) =
    task {
        let clock = clock ()
        let driver = TestDriver.Counting(memory clock)

        let! app =
            start
                { host site with
                    Server = server
                    Clock = clock
                    Pipeline = errorPage
                    Setup = SessionSetup.driver "memory" driver.Driver >> SessionSetup.storeTimeout timeout }

        return app, driver
    }

let private isStoreError (path: string) (answer: Answer) =
    Expect.equal (answer.Status, answer.SetCookies) (500, []) $"{path}: an error, no cookie"
    Expect.stringStarts answer.Body "error page: SessionStoreException" $"{path}: which one"

let private minute = TimeSpan.FromMinutes 1.
let private short = TimeSpan.FromMilliseconds 40.

let private down =
    onBoth
        "promise 25: a store that is down fails only requests that carry a session cookie or write one"
        (fun server ->
            task {
                let! app, driver = started server minute
                use app = app
                let known = app.NewBrowser()
                let! _ = known.Get "/count"
                driver.Behave <- fun _ -> Behaviour.FailBefore

                for path, expected in
                    [ "/none", "no session"; "/show", "0"; "/use", "used"; "/load", "{}"; "/guarded", "log in" ] do
                    let! answer = app.NewBrowser().Get path
                    Expect.equal answer.Body expected $"{path}: a stranger is served"

                let! answer = known.Get "/none"
                Expect.equal answer.Body "no session" "a page without a session is served"

                for path in [ "/count"; "/task"; "/left"; "/login" ] do
                    let! answer = app.NewBrowser().Get path
                    isStoreError path answer

                for path in readers @ writers @ [ "/logout" ] do
                    let! answer = known.Get path
                    isStoreError path answer

                driver.Behave <- fun _ -> Behaviour.Pass
                let! back = known.Get "/count"
                Expect.equal back.Body "2" "when it is back, the session is there"
            })

let private failing (name: string) (behaviour: Behaviour) (operation: StoreOperation) (path: string) =
    testCaseTask $"promise 14, 15: {operation} that {name} leaves no half session: {path}" (fun () ->
        task {
            let! app, driver = started Server.InMemory short
            use app = app
            let browser = app.NewBrowser()
            let! _ = browser.Get "/count"
            let before = browser.Cookies
            driver.Behave <- TestDriver.Only([ operation ], behaviour)
            let! answer = browser.Get path
            isStoreError path answer
            driver.Behave <- fun _ -> Behaviour.Pass
            Expect.equal browser.Cookies before "the browser holds what it held"
            let! show = browser.Get "/show"
            Expect.equal show.Body "1" "and it leads to all that was there"
        })

let private late =
    testList
        "a store that answers late"
        [ onBoth "promise 14: is an error within the time limit, that says it may have been saved" (fun server ->
              task {
                  let clock = clock ()
                  let gate = TaskCompletionSource()
                  let driver = TestDriver.Counting(memory clock)
                  let mutable seen: SessionStoreException list = []

                  let watching: HttpHandler =
                      fun next context ->
                          task {
                              try
                                  return! withSession "web" count next context
                              with :? SessionStoreException as e ->
                                  seen <- e :: seen
                                  return! text "may have been saved" next context
                          }

                  use! app =
                      start
                          { host watching with
                              Server = server
                              Clock = clock
                              Setup = SessionSetup.driver "memory" driver.Driver >> SessionSetup.storeTimeout short }

                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/"
                  driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.Wait gate.Task)
                  let! answer = browser.Get "/"
                  Expect.equal answer.Body "may have been saved" "told in time"
                  Expect.equal (seen |> List.map _.MayHaveBeenSaved) [ true ] "a write may have happened"
                  driver.Behave <- TestDriver.Only([ StoreOperation.Load ], Behaviour.Hang)
                  let! _ = browser.Get "/"
                  Expect.equal (seen |> List.map _.MayHaveBeenSaved) [ false; true ] "a read has not"
                  gate.SetResult()
                  driver.Behave <- fun _ -> Behaviour.Pass
                  let! back = browser.Get "/"
                  Expect.contains [ "2"; "3" ] back.Body "the late write counted whole, or not at all"
              })

          testCaseTask "promise 13: nothing is sent while the store has not answered" (fun () ->
              task {
                  let! app, driver = started Server.Kestrel minute
                  use app = app
                  let gate = TaskCompletionSource()
                  let entered = TaskCompletionSource()

                  driver.Behave <-
                      fun operation ->
                          if operation = StoreOperation.Create then
                              entered.TrySetResult() |> ignore
                              Behaviour.Wait gate.Task
                          else
                              Behaviour.Pass

                  let browser = app.NewBrowser()
                  let answer = browser.Get "/left"
                  do! entered.Task
                  Expect.isFalse answer.IsCompleted "no answer yet"
                  gate.SetResult()
                  let! answer = answer
                  Expect.equal (answer.Body, List.length answer.SetCookies) ("left", 1) "then all of it"
              }) ]

let private text5 =
    testCaseTask "promise 5, 14: an error of the store says what failed, and no id, owner or value" (fun () ->
        task {
            let! app, driver = started Server.InMemory minute
            use app = app
            let browser = app.NewBrowser()
            let! _ = browser.Get "/login"
            driver.Behave <- TestDriver.Only([ StoreOperation.Load ], Behaviour.FailBefore)
            let! answer = browser.Get "/count"

            Expect.equal
                answer.Body
                "error page: SessionStoreException: The driver \"memory\" of the session \"web\" failed (load): StoreDown. The cause is the inner exception."
                "the text"

            let token = browser.Cookies |> Map.toList |> List.head |> snd

            for line in app.Logs.All do
                Expect.isFalse ((line.Text + line.Fields).Contains token) $"the token is not logged: {line.Category}"

            for line in app.Logs.Ours do
                Expect.isFalse ((line.Text + line.Fields).Contains "ann") "nor is the owner"
        })

let private large =
    onBoth "promise 18: too large is an error before the response, and changes nothing" (fun server ->
        task {
            let big = SessionKey.create<string> "big"

            let site =
                choose
                    [ route "/big" >=> updateSession "web" (Session.set big (String('x', 300))) >=> text "saved"
                      route "/left"
                      >=> useSession "web"
                      >=> perform (fun context ->
                          context.SetSession(context.GetSession "web" |> Session.set big (String('x', 300)))
                          Task.CompletedTask)
                      >=> text "saved"
                      route "/count" >=> withSession "web" count ]

            use! app =
                start
                    { host site with
                        Server = server
                        Pipeline = errorPage
                        Setup = SessionSetup.session "web" (fun o -> { o with MaxBytes = 200 }) }

            let browser = app.NewBrowser()
            let! _ = browser.Get "/count"

            for path in [ "/big"; "/left" ] do
                let! answer = browser.Get path

                Expect.equal
                    answer.Body
                    "error page: SessionTooLargeException: The session \"web\" has 312 bytes, its limit (max_bytes) is 200; the largest key is \"big\" with 302 bytes. Nothing was saved."
                    $"{path}: with the sizes in it"

            let! answer = browser.Get "/count"
            Expect.equal answer.Body "2" "the session is as it was"
        })

[<Tests>]
let tests =
    testList
        "Faults"
        [ down
          testList
              "one call"
              [ for name, behaviour in
                    [ "fails", Behaviour.FailBefore
                      "hangs", Behaviour.Hang
                      "hangs until it is cancelled", Behaviour.HangUntilCancelled ] do
                    for operation, path in
                        [ StoreOperation.Load, "/show"
                          StoreOperation.Load, "/count"
                          StoreOperation.Replace, "/count"
                          StoreOperation.Replace, "/task"
                          StoreOperation.Replace, "/left"
                          StoreOperation.Create, "/regenerate"
                          StoreOperation.Replace, "/regenerate"
                          StoreOperation.Create, "/login"
                          StoreOperation.Replace, "/login"
                          StoreOperation.Epoch, "/login"
                          StoreOperation.Delete, "/logout" ] do
                        failing name behaviour operation path ]
          late
          text5
          large ]
