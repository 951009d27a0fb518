module Runa.Session.Tests.NestingTableTests

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

// All pairs of forms for one session in one request, under everything that load brings about: each pair answers the same
// always.

let private outerKey = SessionKey.create<int> "outer"
let private innerKey = SessionKey.create<int> "inner"
let private otherKey = SessionKey.create<int> "other"
let private bump key = Session.update key 0 ((+) 1)
let private onwards: HttpHandler = fun next context -> next context
let private run (handler: HttpHandler) (context: HttpContext) : Task = handler (Some >> Task.FromResult) context

/// What else happens during the request.
[<RequireQualifiedAccess>]
type private Load =
    | Alone
    /// Another request commits before this one's first write.
    | Conflict
    /// The idle end is to be moved.
    | TouchDue
    /// The store answers later.
    | SlowStore
    | SlowStoreAndConflict

let private loads =
    [ Load.Alone; Load.Conflict; Load.TouchDue; Load.SlowStore; Load.SlowStoreAndConflict ]

let private show: HttpHandler = readSession "web" (Session.toJson >> text)

/// The answer, and what is stored then without what the other request stored.
let private outcome (handler: HttpHandler) (load: Load) : Task<string * string> =
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

let private same (name: string) (handler: HttpHandler) (isExpected: string * string -> bool) =
    testCaseTask name (fun () ->
        task {
            for load in loads do
                let! found = outcome handler load
                Expect.isTrue (isExpected found) $"{load}: %A{found}"
        })

let private inners: (string * (HttpContext -> Task)) list =
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
let private bound: (string * (HttpContext -> Task)) list =
    [ "ctx.SetSession", (fun context -> task { context.SetSession(context.GetSession "web" |> bump innerKey) })
      "ctx.CommitSessionAsync", (fun context -> context.CommitSessionAsync "web") ]

let private reads: (string * (HttpContext -> Task)) list =
    [ "ctx.LoadSessionAsync", (fun context -> context.LoadSessionAsync "web")
      "ctx.GetSession", (fun context -> task { context.GetSession "web" |> ignore }) ]

/// A step that does something, and a handler that does; the outer form of both.
let private pureForms: (string * ((HttpContext -> unit) -> (HttpContext -> Task) -> HttpHandler)) list =
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

let private nothing (_: HttpContext) = Task.CompletedTask
let private blocking (work: HttpContext -> Task) (context: HttpContext) = (work context).GetAwaiter().GetResult()

let private eitherWay: (string * ((HttpContext -> Task) -> HttpContext -> Task)) list =
    [ "awaiting", id
      "blocking",
      (fun work context ->
          blocking work context
          Task.CompletedTask) ]

let private refused =
    "error page: InvalidOperationException: A step for the session \"web\" tried to change or commit the same session by another call, which would wait for the step itself. Change the session that the step is given, and do the rest after the step."

let private json outer inner =
    let field name count = if count = 0 then "" else $"\"{name}\":{count},"
    $"""{{{field "inner" inner}"other":0{if outer = 0 then "" else $",\"outer\":{outer}"}}}"""

let private changesOf (form: string) = if form = "readSession" then 0 else 1
let private innerChangesOf (form: string) =
    if
        form = "readSession"
        || form.StartsWith "ctx.Commit"
        || form.StartsWith "ctx.Load"
        || form.StartsWith "ctx.Get"
    then
        0
    else
        1

let private inSteps =
    testList
        "promise 12: inside a step that may run again, changing the same session raises at once"
        [ for outer, form in pureForms do
              for inner, work in inners do
                  same $"{inner}, blocking, in the step of {outer}" (form (blocking work) nothing) (fun found ->
                      found = (refused, json 0 0))

              for inner, work in bound do
                  same
                      $"{inner}, blocking, in the step of {outer} behind useSession"
                      (useSession "web" >=> form (blocking work) nothing)
                      (fun found -> found = (refused, json 0 0))

              for inner, work in reads do
                  same $"but {inner} reads, in the step of {outer}" (form (blocking work) nothing) (fun found ->
                      found = ("done", json (changesOf outer) 0))

              testCaseTask $"by a detour over another thread, in the step of {outer}" (fun () ->
                  task {
                      let detour (context: HttpContext) =
                          Task
                              .Run<unit>(fun () -> context.UpdateSessionAsync("web", bump innerKey))
                              .GetAwaiter()
                              .GetResult()

                      let! found = outcome (form detour nothing) Load.Alone
                      Expect.equal found (refused, json 0 0) "raises, a little later"
                  }) ]

let private inHandlers =
    testList
        "promise 12: in the handler that a step hands back it sees what is committed"
        [ for outer, form in pureForms do
              for how, ways in eitherWay do
                  for inner, work in inners do
                      same $"{inner}, {how}, after {outer}" (form ignore (ways work)) (fun found ->
                          found = ("done", json (changesOf outer) (innerChangesOf inner)))

                  for inner, work in bound @ reads do
                      same
                          $"{inner}, {how}, after {outer} behind useSession"
                          (useSession "web" >=> form ignore (ways work))
                          (fun found -> found = ("done", json (changesOf outer) (innerChangesOf inner)))

          for how, ways in eitherWay do
              for inner, work in inners @ bound @ reads do
                  same
                      $"{inner}, {how}, behind useSession that has set something"
                      (useSession "web"
                       >=> perform (fun context ->
                           task { context.SetSession(context.GetSession "web" |> bump outerKey) })
                       >=> perform (ways work)
                       >=> text "done")
                      (fun found -> found = ("done", json 1 (innerChangesOf inner))) ]

let private inTasks =
    let outer (work: HttpContext -> Task) =
        withSessionTask "web" (fun context session ->
            task {
                do! work context
                return bump outerKey session, text "done"
            })

    testList
        "promise 12: inside a step that runs once, changing the same session works, and both changes are kept"
        [ for how, ways in eitherWay do
              for inner, work in inners do
                  same $"{inner}, {how}" (outer (ways work)) (fun found ->
                      found = ("done", json 1 (innerChangesOf inner)))

              for inner, work in reads @ [ bound[1] ] do
                  same $"{inner}, {how}, behind useSession" (useSession "web" >=> outer (ways work)) (fun found ->
                      found = ("done", json 1 0))

          same "but ctx.SetSession raises" (useSession "web" >=> outer (snd bound[0])) (fun (answer, stored) ->
              answer.Contains "called ctx.SetSession for its own session" && stored = json 0 0) ]

let private captured =
    let foreign = "handed back a session not made from the one it was given"

    let given: (string * ((Session -> HttpContext -> Task) -> HttpHandler)) list =
        let after use' session : HttpHandler = perform (use' session) >=> text "done"

        [ "readSession", (fun use' -> readSession "web" (after use'))
          "withSession", (fun use' -> withSession "web" (fun session -> session, after use' session))
          "withOwner", (fun use' -> withOwner "web" (text "nobody") (fun _ session -> session, after use' session))
          "withSessionTask",
          (fun use' -> withSessionTask "web" (fun _ session -> Task.FromResult((session, after use' session))))
          "ctx.LoadSessionAsync",
          (fun use' ->
              fun next context ->
                  task {
                      let! session = context.LoadSessionAsync "web"
                      return! after use' session next context
                  })
          "ctx.GetSession",
          (fun use' -> useSession "web" >=> fun next context -> after use' (context.GetSession "web") next context) ]

    let uses: (string * (Session -> HttpContext -> Task)) list =
        [ "withSession", (fun kept -> run (withSession "web" (fun _ -> bump innerKey kept, onwards)))
          "updateSession", (fun kept -> run (updateSession "web" (fun _ -> bump innerKey kept)))
          "withOwner", (fun kept -> run (withOwner "web" onwards (fun _ _ -> bump innerKey kept, onwards)))
          "withSessionTask",
          (fun kept -> run (withSessionTask "web" (fun _ _ -> Task.FromResult((bump innerKey kept, onwards)))))
          "ctx.UpdateSessionAsync",
          (fun kept context -> context.UpdateSessionAsync("web", fun (_: Session) -> bump innerKey kept)) ]

    testList
        "a session that another form was given is not handed back by a step, whatever happens in between"
        [ for from, outer in given do
              for inner, use' in uses do
                  same $"that of {from}, by {inner}" (outer use') (fun (answer, stored) ->
                      answer.Contains foreign && stored = json 0 0)

          for from, outer in given |> List.take 4 do
              same
                  $"nor by ctx.SetSession: that of {from}"
                  (useSession "web" >=> outer (fun kept context -> task { context.SetSession(bump innerKey kept) }))
                  (fun (answer, stored) -> answer.Contains "ctx.SetSession" && stored = json 0 0)

          testCaseTask
              "one that ctx.GetSession gave can be set after a step that changed nothing, touch or not"
              (fun () ->
                  task {
                      for pause in [ TimeSpan.Zero; TimeSpan.FromMinutes 2. ] do
                          let clock = clock ()

                          let handler =
                              useSession "web"
                              >=> perform (fun context ->
                                  task {
                                      let session = context.GetSession "web"
                                      clock.Advance pause
                                      do! context.UpdateSessionAsync("web", (fun (session: Session) -> session))
                                      context.GetSession "web" |> ignore
                                      context.SetSession(bump innerKey session)
                                  })
                              >=> text "done"

                          let site =
                              choose
                                  [ route "/show" >=> show
                                    route "/in" >=> updateSession "web" (Session.set otherKey 0) >=> text ""
                                    handler ]

                          use! app =
                              start
                                  { host site with
                                      Clock = clock
                                      Pipeline = errorPage
                                      Setup =
                                          SessionSetup.session "web" (fun o ->
                                              { o with IdleTimeout = Some(TimeSpan.FromMinutes 20.) }) }

                          let browser = app.NewBrowser()
                          let! _ = browser.Get "/in"
                          let! answer = browser.Get "/"
                          let! stored = browser.Get "/show"
                          Expect.equal (answer.Body, stored.Body) ("done", json 0 1) $"after {pause}"
                  }) ]

[<Tests>]
let tests = testList "NestingTable" [ inSteps; inHandlers; inTasks; captured ]
