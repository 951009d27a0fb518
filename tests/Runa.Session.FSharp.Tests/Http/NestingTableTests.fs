/// All pairs of forms for one session in one request, under everything that load brings about: each pair answers the same
/// always.
module Runa.Session.Tests.NestingTableTests

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.NestingTable

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
