module Runa.Session.Tests.NestingTests

open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Tests.Handlers
open Runa.Session.TestSupport
let private a = SessionKey.create<int> "a"
let private b = SessionKey.create<int> "b"

let private setOn (name: string) (key: SessionKey<int>) (value: int) : HttpHandler =
    perform (fun context ->
        context.SetSession(context.GetSession name |> Session.set key value)
        Task.CompletedTask)

let private nested =
    let show: HttpHandler = readSession "web" (Session.toJson >> text)

    testList
        "one name, nested"
        [ for name, handler, expected in
              [ "withSession in withSession sees what is committed",
                withSession "web" (fun s ->
                    Session.set a 1 s, withSession "web" (fun s -> Session.update a 0 ((+) 1) s, show)),
                "{\"a\":2}"
                "updateSession behind useSession builds on what was set",
                useSession "web" >=> setOn "web" a 1 >=> updateSession "web" (Session.update a 0 ((+) 10)) >=> show,
                "{\"a\":11}"
                "GetSession sees what was set"
                , useSession "web"
                  >=> setOn "web" a 1
                  >=> fun next context -> text (Session.toJson (context.GetSession "web")) next context
                , "{\"a\":1}"
                "SetSession works again after a step, on what GetSession then gives"
                , useSession "web"
                  >=> setOn "web" a 1
                  >=> updateSession "web" (Session.set b 2)
                  >=> setOn "web" a 3
                  >=> fun next context -> text (Session.toJson (context.GetSession "web")) next context
                , "{\"a\":3,\"b\":2}"
                "useSession in useSession",
                useSession "web" >=> setOn "web" a 1 >=> useSession "web" >=> setOn "web" b 2 >=> show,
                "{\"a\":1,\"b\":2}"
                "withSessionTask in which a step commits",
                withSessionTask "web" (fun context session ->
                    task {
                        do! context.UpdateSessionAsync("web", (fun (s: Session) -> Session.set b 2 s))
                        return Session.set a 1 session, show
                    }),
                "{\"a\":1,\"b\":2}" ] do
              testCaseTask name (fun () ->
                  task {
                      let site = choose [ route "/show" >=> show; handler ]
                      use! app = start { host site with Pipeline = errorPage }
                      let browser = app.NewBrowser()
                      let! answer = browser.Get "/"
                      Expect.equal answer.Body expected "inside"
                      Expect.equal (List.length answer.SetCookies) 1 "one cookie"
                      let! stored = browser.Get "/show"
                      Expect.equal stored.Body expected "and stored"
                  }) ]

let private overlapping =
    testCaseTask "promise 12: steps of one request that overlap run one after another" (fun () ->
        task {
            let host = host (text "")
            let opened = TaskCompletionSource()
            let driver =
                TestDriver.Slow(memory host.Clock, opened.Task, [ StoreOperation.Create; StoreOperation.Replace ])

            let handler: HttpHandler =
                fun next context ->
                    task {
                        let steps =
                            [| for _ in 1..10 ->
                                   context.UpdateSessionAsync(
                                       "web",
                                       fun session ->
                                           let session = Session.update a 0 ((+) 1) session
                                           session, Session.getOr a 0 session
                                   ) |]

                        opened.SetResult()
                        let! counts = Task.WhenAll steps
                        return! text $"%A{List.ofArray counts}" next context
                    }

            use! app = start { host with Handler = handler; Setup = SessionSetup.driver "memory" driver.Driver }

            let! answer = app.NewBrowser().Get "/"
            Expect.equal answer.Body $"%A{[ 1..10 ]}" "each on what the one before left"
            Expect.equal (List.length answer.SetCookies) 1 "one cookie"
            Expect.equal (driver.Count StoreOperation.Create) 1 "one session"
        })

let private forked =
    testCaseTask "promise 12: a second change made from before the first is refused, not written over it" (fun () ->
        task {
            let handler: HttpHandler =
                fun next context ->
                    let session = context.GetSession "web"
                    context.SetSession(Session.set a 1 session)

                    let refused =
                        try
                            context.SetSession(Session.set b 2 session)
                            ""
                        with :? System.InvalidOperationException as e ->
                            e.Message

                    context.SetSession(Session.set b 3 (context.GetSession "web"))
                    text refused next context

            use! app =
                start (
                    host (
                        choose
                            [ route "/show" >=> readSession "web" (Session.toJson >> text)
                              useSession "web" >=> handler ]
                    )
                )
            let browser = app.NewBrowser()
            let! answer = browser.Get "/"
            Expect.stringContains answer.Body "call ctx.GetSession again" "it says what to do"
            let! stored = browser.Get "/show"
            Expect.equal stored.Body "{\"a\":1,\"b\":3}" "both that stood"
        })

[<Tests>]
let tests = testList "Nesting" [ nested; overlapping; forked ]
