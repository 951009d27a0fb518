/// Forms for one session in one request, one inside the other, under everything that load brings about.
module internal Runa.Session.Tests.NestingTable

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let outerKey = SessionKey.create<int> "outer"
let innerKey = SessionKey.create<int> "inner"
let otherKey = SessionKey.create<int> "other"
let bump key = Session.update key 0 ((+) 1)
let onwards: HttpHandler = fun next context -> next context
let run (handler: HttpHandler) (context: HttpContext) : Task = handler (Some >> Task.FromResult) context

/// What else happens during the request.
[<RequireQualifiedAccess>]
type Load =
    | Alone
    /// Another request commits before this one's first write.
    | Conflict
    /// The idle end is to be moved.
    | TouchDue
    /// The store answers later.
    | SlowStore
    | SlowStoreAndConflict

let loads = [ Load.Alone; Load.Conflict; Load.TouchDue; Load.SlowStore; Load.SlowStoreAndConflict ]

let show: HttpHandler = readSession "web" (Session.toJson >> text)

/// The answer, and what is stored then without what the other request stored.
let outcome (handler: HttpHandler) (load: Load) : Task<string * string> =
    task {
        let clock = clock ()
        let driver = TestDriver.Counting(memory clock)

        let site =
            choose
                [ route "/show" >=> show
                  route "/in" >=> updateSession "web" (Session.signIn "ann" >> Session.set otherKey 0) >=> text ""
                  route "/other" >=> updateSession "web" (bump otherKey) >=> text ""
                  handler ]

        use! app =
            start
                { host site with
                    Clock = clock
                    Pipeline = errorPage
                    Setup =
                        SessionSetup.driver "memory" driver.Driver
                        >> SessionSetup.session "web" (fun o -> { o with IdleTimeout = Some(TimeSpan.FromMinutes 20.) }) }

        let browser = app.NewBrowser()
        let! _ = browser.Get "/in"
        let mutable isOther = load <> Load.Conflict && load <> Load.SlowStoreAndConflict
        let isSlow = load = Load.SlowStore || load = Load.SlowStoreAndConflict

        if load = Load.TouchDue then
            clock.Advance(TimeSpan.FromMinutes 2.)

        driver.Behave <-
            fun operation ->
                if operation = StoreOperation.Replace && not isOther then
                    isOther <- true
                    Behaviour.Wait(browser.Copy().Get "/other")
                elif isSlow then
                    Behaviour.Wait(Task.Run(fun () -> ()))
                else
                    Behaviour.Pass

        let! answer = browser.Get "/"
        driver.Behave <- fun _ -> Behaviour.Pass
        let! stored = browser.Get "/show"
        return answer.Body, stored.Body.Replace("\"other\":1", "\"other\":0")
    }

let same (name: string) (handler: HttpHandler) (isExpected: string * string -> bool) =
    testCaseTask name (fun () ->
        task {
            for load in loads do
                let! found = outcome handler load
                Expect.isTrue (isExpected found) $"{load}: %A{found}"
        })

let inners: (string * (HttpContext -> Task)) list =
    [ "withSession", run (withSession "web" (fun session -> bump innerKey session, onwards))
      "updateSession", run (updateSession "web" (bump innerKey))
      "readSession", run (readSession "web" (fun _ -> onwards))
      "withOwner", run (withOwner "web" onwards (fun _ session -> bump innerKey session, onwards))
      "withSessionTask",
      run (withSessionTask "web" (fun _ session -> Task.FromResult((bump innerKey session, onwards))))
      "useSession",
      run (
          useSession "web"
          >=> fun next context ->
              context.SetSession(context.GetSession "web" |> bump innerKey)
              next context
      )
      "ctx.UpdateSessionAsync", (fun context -> context.UpdateSessionAsync("web", bump innerKey)) ]

/// What needs a useSession around both.
let bound: (string * (HttpContext -> Task)) list =
    [ "ctx.SetSession", (fun context -> task { context.SetSession(context.GetSession "web" |> bump innerKey) })
      "ctx.CommitSessionAsync", (fun context -> context.CommitSessionAsync "web") ]

let reads: (string * (HttpContext -> Task)) list =
    [ "ctx.LoadSessionAsync", (fun context -> context.LoadSessionAsync "web")
      "ctx.GetSession", (fun context -> task { context.GetSession "web" |> ignore }) ]

/// A step that does something, and a handler that does; the outer form of both.
let pureForms: (string * ((HttpContext -> unit) -> (HttpContext -> Task) -> HttpHandler)) list =
    let afterwards (work: HttpContext -> Task) : HttpHandler = perform work >=> text "done"

    [ "withSession",
      (fun inStep after next context ->
          withSession
              "web"
              (fun session ->
                  inStep context
                  bump outerKey session, afterwards after)
              next
              context)
      "updateSession",
      (fun inStep after next context ->
          (updateSession "web" (fun session ->
              inStep context
              bump outerKey session)
           >=> afterwards after)
              next
              context)
      "readSession",
      (fun inStep after next context ->
          readSession
              "web"
              (fun _ ->
                  inStep context
                  afterwards after)
              next
              context)
      "withOwner",
      (fun inStep after next context ->
          withOwner
              "web"
              (text "nobody")
              (fun _ session ->
                  inStep context
                  bump outerKey session, afterwards after)
              next
              context)
      "ctx.UpdateSessionAsync",
      (fun inStep after ->
          respond (fun context ->
              task {
                  do!
                      context.UpdateSessionAsync(
                          "web",
                          fun (session: Session) ->
                              inStep context
                              bump outerKey session
                      )

                  do! after context
                  do! context.Response.WriteAsync "done"
              })) ]

let nothing (_: HttpContext) = Task.CompletedTask
let blocking (work: HttpContext -> Task) (context: HttpContext) = (work context).GetAwaiter().GetResult()

let eitherWay: (string * ((HttpContext -> Task) -> HttpContext -> Task)) list =
    [ "awaiting", id
      "blocking",
      (fun work context ->
          blocking work context
          Task.CompletedTask) ]

let refused =
    "error page: InvalidOperationException: A step for the session \"web\" tried to change or commit the same session by another call, which would wait for the step itself. Change the session that the step is given, and do the rest after the step."

let json outer inner =
    let field name count = if count = 0 then "" else $"\"{name}\":{count},"
    $"""{{{field "inner" inner}"other":0{if outer = 0 then "" else $",\"outer\":{outer}"}}}"""

let changesOf (form: string) = if form = "readSession" then 0 else 1
let innerChangesOf (form: string) =
    if
        form = "readSession"
        || form.StartsWith "ctx.Commit"
        || form.StartsWith "ctx.Load"
        || form.StartsWith "ctx.Get"
    then
        0
    else
        1
