/// The inspector beside drivers that fail, or list without end.
module Runa.Session.Tests.InspectorStoreTests

open System
open System.Net
open System.Text.RegularExpressions
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.OwnerLimitSites

let private site: HttpHandler =
    choose [ route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in" ]

/// The inspector at /_sessions, with the session "web" on what `change` makes of a driver.
let private inspected (change: SessionDriver -> SessionDriver) =
    let host = host site

    let pipeline (app: IApplicationBuilder) =
        app.UseRouting() |> ignore
        app.UseEndpoints(fun endpoints -> endpoints.MapRunaSessionInspector "/_sessions" |> ignore)
        |> ignore

    start
        { host with
            Environment = "Development"
            Setup =
                SessionSetup.driver "bad" (change (memory host.Clock))
                >> SessionSetup.session "web" (fun o -> { o with Driver = "bad" })
            Services =
                fun services ->
                    services.AddRouting().AddRunaSessionInspector() |> ignore
                    services.AddAuthorization() |> ignore
            Pipeline = pipeline }

let private fieldOf (name: string) (body: string) : string option =
    let m = Regex.Match(body, $"name=\"{name}\" value=\"([^\"]+)\"")

    if m.Success then
        Some(string (WebUtility.HtmlDecode m.Groups[1].Value))
    else
        None

let private ask (browser: Browser) (fields: (string * string) list) =
    task {
        let! page = browser.Get "/_sessions"
        let token = fieldOf "__RequestVerificationToken" page.Body |> Option.get
        return! browser.Post("/_sessions", ("__RequestVerificationToken", token) :: fields)
    }

let private usage =
    testCaseTask "a driver that cannot say how full its store is does not take the page down" (fun () ->
        task {
            use! app =
                inspected (SessionDriver.withUsage (fun () -> raise (TimeoutException "a secret of the driver")))

            let! answer = app.NewBrowser().Get "/_sessions"
            Expect.equal answer.Status 200 "the page"

            Expect.stringContains
                answer.Body
                "The driver &quot;bad&quot; could not say how full its store is: TimeoutException."
                "a line"

            Expect.equal (Regex.Matches(answer.Body, "could not say how full").Count) 1 "once"
            Expect.isFalse (answer.Body.Contains "a secret of the driver") "promise 5: not the driver's own message"
            Expect.stringContains answer.Body "In the memory of this process: 0 sessions" "the other driver is shown"
            let! answer = app.NewBrowser().Get "/_sessions?format=json"
            Expect.equal answer.Status 200 "as JSON"
            Expect.stringContains answer.Body "\"held_failures\":[\"The driver" "a line there, too"
        })

let private endless =
    testCaseTask "a list of what has ended is read a few pages at a time" (fun () ->
        task {
            let mutable pages = 0

            // The records stand on page 15 of 16.
            let odd (driver: SessionDriver) =
                let index = driver.Owners.Value

                let list scope owner (from: string option) token =
                    ValueTask<OwnedPage>(
                        task {
                            pages <- pages + 1
                            let at = from |> Option.map int |> Option.defaultValue 1
                            let! page = index.List scope owner None token

                            return
                                { page with
                                    Items = if at = 15 then page.Items else []
                                    Next = if at < 16 then Some(string (at + 1)) else None }
                        }
                    )

                driver |> SessionDriver.withOwners { index with List = list }

            use! app = inspected odd
            let! _ = app.NewBrowser().Get "/in"
            let operator = app.NewBrowser()
            let! listed = ask operator [ "do", "list"; "session", "web"; "owner", "ann" ]
            Expect.equal pages 10 "ten pages"
            Expect.stringContains listed.Body "All that was read has ended. There is more." "told"
            Expect.equal (fieldOf "from" listed.Body) (Some "11") "where it goes on"
            let! more = ask operator [ "do", "list"; "session", "web"; "owner", "ann"; "from", "11" ]
            Expect.equal pages 16 "six more"
            Expect.isSome (fieldOf "handle" more.Body) "found"
            Expect.isNone (fieldOf "from" more.Body) "the end"
        })

let private wrongPlace =
    testCaseTask "promise 27: a place where no list goes on is told, on a page that is whole" (fun () ->
        task {
            use! app = inspected id
            let! _ = app.NewBrowser().Get "/in"
            let! listed =
                ask (app.NewBrowser()) [ "do", "list"; "session", "web"; "owner", "ann"; "from", "not a place" ]
            Expect.equal listed.Status 200 "the page"
            Expect.stringContains listed.Body "Pass the Next of the page before" "told"
        })

[<Tests>]
let tests = testList "Inspector and stores" [ usage; endless; wrongPlace ]
