/// Two requests of one browser at the same time, of which the other one is quicker.
module Runa.Session.TestSupport.Scenarios.ConflictScenarios

open System
open System.Collections.Concurrent
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits

let private mine = SessionKey.create<string> "mine"

/// `handler` under /, beside what the rival may ask for; signed in before, if so wanted.
let private against
    (flavour: Flavour)
    (handler: Flavour -> Rival -> HttpHandler)
    (isSignedIn: bool)
    (act: string)
    (check: Browser -> Answer -> Task<unit>)
    : Task<unit> =
    task {
        let (>=>) = flavour.Compose
        let route, text = flavour.Route, flavour.Text
        let rival = Rival()

        let handler =
            flavour.Choose
                [ route "/" >=> handler flavour rival
                  route "/login" >=> updateSession "web" (Session.signIn "ann" >> Session.set visits 0) >=> text "in"
                  route "/count" >=> withSession "web" (count flavour)
                  route "/flash" >=> updateSession "web" (Session.flash notice "hello") >=> text "queued"
                  route "/take"
                  >=> withSession "web" (fun session ->
                      let taken, session = Session.takeFlashes notice session
                      session, text (String.Join(",", taken)))
                  route "/logout" >=> updateSession "web" Session.signOut >=> text "out"
                  route "/regenerate" >=> updateSession "web" Session.regenerate >=> text "moved"
                  route "/json" >=> readSession "web" (Session.toJson >> text) ]

        use! app = flavour.Start(Flavour.site handler)
        let browser = app.NewBrowser()
        let! _ = browser.Get(if isSignedIn then "/login" else "/count")
        let! _ =
            if act = "/take" then
                browser.Get "/flash"
            else
                Task.FromResult Unchecked.defaultof<Answer>
        let other = browser.Copy()
        rival.Act <- fun () -> other.Get act
        let! answer = browser.Get "/"
        return! check browser answer
    }

let private stepping (ran: ConcurrentQueue<string>) (flavour: Flavour) (rival: Rival) : HttpHandler =
    withSession "web" (fun session ->
        let before = Session.getOr visits 0 session
        rival.Interfere()
        let n = before + 1

        Session.set visits n session,
        fun next context ->
            ran.Enqueue(string n)
            flavour.Text (string n) next context)

let private guarded (flavour: Flavour) (rival: Rival) : HttpHandler =
    withOwner "web" (flavour.Compose (flavour.SetStatusCode 401) (flavour.Text "log in")) (fun owner session ->
        rival.Interfere()
        Session.set mine "private" session, flavour.Text $"for {owner}")

let private unguarded (flavour: Flavour) (rival: Rival) : HttpHandler =
    let step session =
        rival.Interfere()
        Session.set mine "private" session

    flavour.Compose (updateSession "web" step) (flavour.Text "saved")

let private once (flavour: Flavour) (rival: Rival) : HttpHandler =
    withSessionTask "web" (fun _ session ->
        task {
            rival.Interfere()
            return Session.set mine "kept" session, flavour.Text "saved"
        })

let private using (flavour: Flavour) (rival: Rival) : HttpHandler =
    let keep: HttpHandler =
        fun next context ->
            rival.Interfere()
            context.SetSession(context.GetSession "web" |> Session.set mine "kept")
            flavour.Text "saved" next context

    flavour.Compose (useSession "web") keep

let private expectRefusal answer = expectError "SessionConflictException" "told by an error" answer

let scenarios (flavour: Flavour) : Test =
    let against handler isSignedIn act check = against flavour handler isSignedIn act check

    testList
        "conflicts"
        [ testCaseTask
              "promise 12: a step that was overtaken runs again, and the handler of the lost attempt does not"
              (fun () ->
                  let ran = ConcurrentQueue()

                  against (stepping ran) false "/count" (fun browser answer ->
                      task {
                          Expect.equal answer.Body "3" "on the newer session"
                          Expect.equal (List.ofSeq ran) [ "3" ] "one handler"
                          let! json = browser.Get "/json"
                          Expect.equal json.Body "{\"visits\":3}" "stored"
                      }))

          testCaseTask "promise 12: UpdateSessionAsync returns the result of the attempt that was committed" (fun () ->
              let handler (_: Flavour) (rival: Rival) =
                  respond (fun context ->
                      task {
                          let step session =
                              let n = 1 + Session.getOr visits 0 session
                              rival.Interfere()
                              Session.set visits n session, n

                          let! n = context.UpdateSessionAsync("web", step)
                          do! context.Response.WriteAsync(string n)
                      })

              against handler false "/count" (fun _ answer ->
                  task { Expect.equal answer.Body "3" "the second attempt's" }))

          testCaseTask "promise 9: withOwner sees a logout in between, and runs its handler for strangers" (fun () ->
              against guarded true "/logout" (fun browser answer ->
                  task {
                      Expect.equal
                          (answer.Status, answer.Body, answer.SetCookies)
                          (401, "log in", [])
                          "asked to sign in"
                      let! json = browser.Get "/json"
                      Expect.equal json.Body "{}" "nothing private was stored"
                  }))

          for name, handler in [ "updateSession", unguarded; "withSessionTask", once; "useSession", using ] do
              testCaseTask $"promise 9, 14: {name} raises when its owner logged out in between" (fun () ->
                  against handler true "/logout" (fun browser answer ->
                      task {
                          expectRefusal answer
                          Expect.equal answer.SetCookies [] "no cookie for a stranger"
                          let! json = browser.Get "/json"
                          Expect.equal json.Body "{}" "nothing private was stored"
                      }))

              testCaseTask $"promise 4: {name} under a token that was exchanged in between disturbs nothing" (fun () ->
                  against handler true "/regenerate" (fun browser answer ->
                      task {
                          expectRefusal answer
                          Expect.equal answer.SetCookies [] "the browser already holds the new cookie"
                          let! json = browser.Get "/json"
                          Expect.equal json.Body "{}" "a moved session is not served"
                      }))

          testCaseTask "a pure step without an owner runs again on a fresh session when the old one ended" (fun () ->
              against (stepping (ConcurrentQueue())) false "/logout" (fun browser answer ->
                  task {
                      Expect.equal answer.Body "1" "from the beginning"
                      Expect.equal (List.length answer.SetCookies) 1 "under a new id"
                      let! json = browser.Get "/json"
                      Expect.equal json.Body "{\"visits\":1}" "stored"
                  }))

          for name, handler in [ "withSessionTask", once; "useSession", using ] do
              testCaseTask $"promise 12: {name} runs once, and its change is merged" (fun () ->
                  against handler false "/count" (fun browser answer ->
                      task {
                          Expect.equal answer.Body "saved" "answered"
                          let! json = browser.Get "/json"
                          Expect.equal json.Body "{\"mine\":\"kept\",\"visits\":2}" "both changes"
                      }))

          testCaseTask "promise 16: a flash is shown once, although a step lost the race for it" (fun () ->
              let taking (flavour: Flavour) (rival: Rival) =
                  withSession "web" (fun session ->
                      let taken, session = Session.takeFlashes notice session
                      rival.Interfere()
                      session, flavour.Text("[" + String.Join(",", taken) + "]"))

              against taking false "/take" (fun _ answer ->
                  task { Expect.equal answer.Body "[]" "the other one had it" }))

          testCaseTask "promise 16: a run-once handler that lost the race for a flash is told by an error" (fun () ->
              let taking (flavour: Flavour) (rival: Rival) =
                  withSessionTask "web" (fun _ session ->
                      task {
                          let taken, session = Session.takeFlashes notice session
                          rival.Interfere()
                          return session, flavour.Text("[" + String.Join(",", taken) + "]")
                      })

              against taking false "/take" (fun _ answer ->
                  task { expectError "SessionConflictException" "not shown twice" answer })) ]
