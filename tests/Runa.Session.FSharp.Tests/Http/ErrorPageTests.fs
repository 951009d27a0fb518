module Runa.Session.Tests.ErrorPageTests

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site =
    let fails: HttpHandler = raising (ApplicationException "the handler failed")

    choose
        [ route "/show" >=> readSession "web" shown
          route "/stored" >=> withSession "web" (fun session -> fst (count session), fails)
          route "/used"
          >=> useSession "web"
          >=> leave "web"
          >=> perform (fun context -> context.CommitSessionAsync "web")
          >=> fails
          route "/discarded" >=> useSession "web" >=> leave "web" >=> fails
          route "/error"
          >=> withSession "web" (fun session ->
              Session.flash notice "seen" session, text $"the error page, {Session.getOr visits 0 session}")
          route "/missing" >=> updateSession "web" (count >> fst) >=> skip
          route "/fine" >=> withSession "web" count ]

let private cleared (app: IApplicationBuilder) =
    app.UseExceptionHandler(fun (page: IApplicationBuilder) ->
        page.Run(fun context -> context.Response.WriteAsync "a plain page"))
    |> ignore

let private pages: (string * (IApplicationBuilder -> unit) * string) list =
    [ "an error page of its own", cleared, "a plain page"
      "an error page by path", (fun app -> app.UseExceptionHandler "/error" |> ignore), "the error page, 1"
      "the developer's exception page", (fun app -> app.UseDeveloperExceptionPage() |> ignore), "the handler failed"
      "no error page", ignore, "" ]

let private surviving =
    testList
        "a session that was stored before the handler failed"
        [ for name, pipeline, body in pages do
              for path in [ "/stored"; "/used" ] do
                  onBoth $"promise 20: keeps its cookie through {name}: {path}" (fun server ->
                      task {
                          use! app = start { host site with Server = server; Pipeline = pipeline }
                          let browser = app.NewBrowser()

                          // Without an error page, the server in memory hands the exception to the client.
                          let! answer =
                              task {
                                  try
                                      let! answer = browser.Get path
                                      return Some answer
                                  with :? ApplicationException ->
                                      return None
                              }

                          match answer with
                          | None -> Expect.equal (server, name) (Server.InMemory, "no error page") "only there"
                          | Some answer ->
                              Expect.equal answer.Status 500 "an error"
                              Expect.stringContains answer.Body body "its page"

                              if name <> "no error page" then
                                  Expect.equal (List.length answer.SetCookies) 1 "the cookie"
                                  let! show = browser.Get "/show"
                                  Expect.equal show.Body "1" "leads to what was stored"
                                  Expect.stringContains (answer.Header "Vary") "Cookie" "and the page is private"
                      })

          onBoth "what was not committed is not on the error page, nor anywhere" (fun server ->
              task {
                  use! app =
                      start
                          { host site with
                              Server = server
                              Pipeline = fun app -> app.UseExceptionHandler "/error" |> ignore }

                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/discarded"
                  Expect.equal (answer.Status, answer.Body) (500, "the error page, 0") "no visit"
                  Expect.equal (List.length answer.SetCookies) 1 "the page's own flash is stored"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "0" "no visit"
              }) ]

let private failing =
    let pagesOfFailure =
        pages
        |> List.map (fun (name, pipeline, _) -> name, pipeline)
        |> List.filter (fun (name, _) -> name <> "an error page by path")

    testList
        "a store that fails while it commits"
        [ for name, pipeline in pagesOfFailure do
              onBoth $"promise 14: gives 500 with {name}, not a bare one" (fun server ->
                  task {
                      let clock = clock ()
                      let driver = TestDriver.Failing(memory clock, [ StoreOperation.Create ])
                      let handler = useSession "web" >=> leave "web" >=> text "saved"

                      use! app =
                          start
                              { host handler with
                                  Server = server
                                  Clock = clock
                                  Pipeline = pipeline
                                  Setup = SessionSetup.driver "memory" driver.Driver }

                      let! status, body, cookies =
                          task {
                              try
                                  let! answer = app.NewBrowser().Get "/"
                                  return answer.Status, answer.Body, answer.SetCookies
                              with :? SessionStoreException ->
                                  return 500, "", []
                          }

                      Expect.equal (status, cookies) (500, []) "an error"
                      Expect.isFalse (body.Contains "saved") "and nothing said"

                      match name with
                      | "an error page of its own" -> Expect.equal body "a plain page" "the page"
                      | "the developer's exception page" ->
                          Expect.stringContains body "SessionStoreException" "the page"
                      | _ -> Expect.equal body "" "no page"
                  }) ]

let private notFound =
    onBoth "promise 13: a 404 page that runs again sees the session, and sends its cookie" (fun server ->
        task {
            let pipeline (app: IApplicationBuilder) = app.UseStatusCodePagesWithReExecute "/error" |> ignore

            use! app = start { host site with Server = server; Pipeline = pipeline }
            let browser = app.NewBrowser()
            let! answer = browser.Get "/missing"
            Expect.equal (answer.Status, answer.Body) (404, "the error page, 1") "on the page"
            Expect.equal (List.length answer.SetCookies) 1 "one cookie"
            let! show = browser.Get "/show"
            Expect.equal show.Body "1" "stored"
        })

let private untouched =
    onBoth "promise 21: other cookies of the application are not touched" (fun server ->
        task {
            let own = setHeader "Set-Cookie" "theme=dark; Path=/"

            let site =
                choose
                    [ route "/before" >=> own >=> withSession "web" count
                      route "/after" >=> updateSession "web" (count >> fst) >=> own >=> text ""
                      route "/regenerate" >=> own >=> updateSession "web" Session.regenerate >=> text ""
                      route "/destroy" >=> own >=> updateSession "web" Session.destroy >=> text "" ]

            use! app = start { host site with Server = server }
            let browser = app.NewBrowser()

            for path, cookies in [ "/before", 2; "/after", 1; "/regenerate", 2; "/destroy", 2 ] do
                let! answer = browser.Get path
                Expect.contains answer.SetCookies "theme=dark; Path=/" $"{path}: as it was set"
                Expect.equal (List.length answer.SetCookies) cookies $"{path}: ours only when it changed"
        })

[<Tests>]
let tests = testList "ErrorPage" [ surviving; failing; notFound; untouched ]
