/// Applications behind Giraffe's own middleware, and the handlers that the tests share.
module internal Runa.Session.Tests.GiraffeHosting

open System.Threading.Tasks
open Giraffe
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.Logging
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios
open Runa.Session.TestSupport.Scenarios.Visits

let shown (session: Session) : HttpHandler = text (string (Session.getOr visits 0 session))

/// Adds one visit, and answers the count.
let count (session: Session) : Session * HttpHandler =
    let session = add session
    session, shown session

/// On Giraffe's middleware; what it declines is 404.
let giraffe (webApp: HttpHandler) : Host =
    { host (fun _ _ -> skipPipeline) with
        Services = fun services -> services.AddGiraffe() |> ignore
        Pipeline = fun app -> app.UseGiraffe webApp }

/// Tells the error and whether anything had been sent.
let report (error: exn) (_: ILogger) : HttpHandler =
    fun next ctx ->
        let page = text (Flavour.report error ctx.Response.HasStarted)
        (clearResponse >=> setStatusCode 503 >=> page) next ctx

/// The same behind Giraffe's error handling middleware.
let reported (webApp: HttpHandler) : Host =
    { giraffe webApp with Pipeline = fun app -> app.UseGiraffeErrorHandler(report).UseGiraffe webApp }

/// Runs the application while a browser visits it.
let visiting (host: Host) (visit: App -> Browser -> Task<unit>) : Task<unit> =
    task {
        use! app = start host
        return! visit app (app.NewBrowser())
    }

/// The same with a driver that counts its calls.
let counting (host: Host) (visit: App -> Browser -> TestDriver -> Task<unit>) : Task<unit> =
    let driver = TestDriver.Counting(memory host.Clock)
    let host = { host with Setup = host.Setup >> SessionSetup.driver "memory" driver.Driver }
    visiting host (fun app browser -> visit app browser driver)

/// The scenarios of every flavour, with Giraffe's combinators.
let flavour: Flavour =
    { Name = "Giraffe"
      Compose = (>=>)
      Choose = choose
      Route = route
      SubRoute = subRoute
      Text = text
      SetStatusCode = setStatusCode
      SetHeader = fun name value -> setHttpHeader name value
      RedirectTo = redirectTo
      Start =
        fun site ->
            start
                { reported site.Handler with
                    Server = site.Server
                    Clock = site.Clock
                    Setup = SessionSetup.driver "memory" site.Driver } }
