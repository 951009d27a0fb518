/// What docs/use/patterns.md recommends does what it says.
module Runa.Session.Tests.PatternTests

open System
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private minutes (count: float) = TimeSpan.FromMinutes count

let private who (session: Session) = Session.owner session |> Option.defaultValue "nobody"

let private poll: HttpHandler =
    fun next ctx ->
        task {
            let! session = ctx.GetSessionScope("web").Peek()
            return! text (who session) next ctx
        }

let private read = readSession "web" (fun session -> text (who session))
let private signIn = updateSession "web" (Session.signIn "ann") >=> text "in"

let private body (browser: Browser) (path: string) =
    task {
        let! answer = browser.Get path
        return answer.Body
    }

let private idle =
    testCaseTask "a peek moves no idle end, and one by a handler does" (fun () ->
        task {
            let site = choose [ route "/in" >=> signIn; route "/poll" >=> poll; route "/read" >=> read ]

            let setup = SessionSetup.session "web" (fun o -> { o with IdleTimeout = Some(minutes 30.) })

            use! app = start { host site with Setup = setup }

            for path, expected in [ "/poll", "nobody"; "/read", "ann" ] do
                let browser = app.NewBrowser()
                let! _ = browser.Get "/in"
                app.Clock.Advance(minutes 20.)
                let! _ = body browser path
                app.Clock.Advance(minutes 20.)
                let! later = body browser path
                Expect.equal later expected path
        })

/// As on the page, with the clock of the test.
let private active: HttpHandler =
    fun next ctx ->
        let clock = ctx.RequestServices.GetRequiredService<TimeProvider>()
        let wanted = clock.GetUtcNow() + minutes 30.

        let extend (session: Session) =
            if Session.expiresAt session < wanted - minutes 1. then
                Session.withExpiresAt wanted session
            else
                session

        updateSession "web" extend next ctx

let private sliding =
    testCaseTask "pages that move the end keep a session up to max_ttl, and polls do not" (fun () ->
        task {
            let site = choose [ route "/in" >=> signIn; route "/page" >=> active >=> read; route "/poll" >=> read ]
            let setup = SessionSetup.session "web" (fun o -> { o with Ttl = minutes 30.; MaxTtl = minutes 100. })
            use! app = start { host site with Setup = setup }

            for path, expected in
                [ "/page", [ "ann"; "ann"; "ann"; "ann"; "nobody" ]
                  "/poll", [ "ann"; "nobody"; "nobody"; "nobody"; "nobody" ] ] do
                let browser = app.NewBrowser()
                let! _ = browser.Get "/in"

                for wanted in expected do
                    app.Clock.Advance(minutes 20.)
                    let! found = body browser path
                    Expect.equal found wanted path
        })

let private recall: HttpHandler =
    readSession "web" (fun web ->
        readSession "remembered" (fun remembered ->
            match Session.owner web, Session.owner remembered with
            | None, Some owner -> updateSession "web" (Session.signIn owner)
            | _ -> fun next ctx -> next ctx))

let private remembered =
    testCaseTask "a session of its own remembers the owner when the other one has ended" (fun () ->
        task {
            let signOut = updateSession "web" Session.signOut >=> updateSession "remembered" Session.signOut

            let site =
                choose
                    [ route "/short" >=> signIn
                      route "/long" >=> updateSession "remembered" (Session.signIn "ann") >=> signIn
                      route "/out" >=> signOut >=> text "out"
                      route "/page" >=> recall >=> read ]

            let setup =
                SessionSetup.session "web" (fun o -> { o with Persistent = false; IdleTimeout = Some(minutes 30.) })
                >> SessionSetup.session "remembered" (fun o -> { o with Ttl = TimeSpan.FromDays 30. })

            use! app = start { host site with Setup = setup }

            for path, expected in [ "/short", "nobody"; "/long", "ann" ] do
                let browser = app.NewBrowser()
                let! _ = browser.Get path
                app.Clock.Advance(TimeSpan.FromDays 10.)
                let! later = body browser "/page"
                Expect.equal later expected path
                let! _ = browser.Get "/out"
                let! gone = body browser "/page"
                Expect.equal gone "nobody" $"{path}, signed out"
        })

[<Tests>]
let tests = testList "Patterns" [ idle; sliding; remembered ]
