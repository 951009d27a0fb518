namespace Runa.Session.TestSupport.Scenarios

open System.Threading.Tasks
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.TestSupport

/// An application that a scenario visits.
type Site =
    {
        Server: Server
        Clock: FakeTimeProvider
        /// Under the name "memory", which is the default.
        Driver: SessionDriver
        Handler: HttpHandler
    }

/// How handlers are put together and hosted: on ASP.NET Core alone, on Giraffe, on Saturn.
type Flavour =
    {
        Name: string
        Compose: HttpHandler -> HttpHandler -> HttpHandler
        Choose: HttpHandler list -> HttpHandler
        Route: string -> HttpHandler
        SubRoute: string -> HttpHandler -> HttpHandler
        Text: string -> HttpHandler
        SetStatusCode: int -> HttpHandler
        SetHeader: string -> string -> HttpHandler
        RedirectTo: bool -> string -> HttpHandler
        /// What declines is 404. What raises is 503, with the text of `Flavour.report`.
        Start: Site -> Task<App>
    }

[<RequireQualifiedAccess>]
module Flavour =

    /// What an error handler says of an exception.
    let report (error: exn) (hasStarted: bool) = $"error handler: {error.GetType().Name}, sent: {hasStarted}"

    let site (handler: HttpHandler) : Site =
        let clock = clock ()

        { Server = Server.InMemory; Clock = clock; Driver = memory clock; Handler = handler }

    /// Runs the application while a browser visits it.
    let visiting (flavour: Flavour) (site: Site) (visit: App -> Browser -> Task<unit>) : Task<unit> =
        task {
            use! app = flavour.Start site
            return! visit app (app.NewBrowser())
        }

    /// The same with a driver that counts its calls.
    let counting (flavour: Flavour) (site: Site) (visit: App -> Browser -> TestDriver -> Task<unit>) : Task<unit> =
        let driver = TestDriver.Counting site.Driver
        visiting flavour { site with Driver = driver.Driver } (fun app browser -> visit app browser driver)
