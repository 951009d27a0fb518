namespace Runa.Session.Benchmarks

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging

/// One small application on Kestrel.
type Site = { Name: string; Make: unit -> WebApplication }

/// What a site answers: /fill makes a visitor's session, /count says how often it was written, and any other path is
/// what is measured. Each answer has the body "ok".
[<NoComparison; NoEquality>]
type Endpoints = { Fill: RequestDelegate; Count: RequestDelegate; Measured: RequestDelegate }

module Site =
    let ok (context: HttpContext) : Task =
        context.Response.ContentLength <- 2L
        context.Response.WriteAsync "ok"

    let nothing = RequestDelegate ok

    /// Answers /count.
    let counted (count: int) (context: HttpContext) : Task =
        context.Response.Headers["X-Count"] <- string count
        ok context

    let app (add: IServiceCollection -> unit) (use': WebApplication -> unit) (endpoints: Endpoints) : WebApplication =
        let builder = WebApplication.CreateSlimBuilder()
        builder.Logging.ClearProviders() |> ignore
        builder.WebHost.UseUrls "http://127.0.0.1:0" |> ignore
        builder.Services.AddRouting() |> ignore
        add builder.Services
        let app = builder.Build()
        use' app

        app.Run(
            RequestDelegate(fun context ->
                match context.Request.Path.Value with
                | "/fill" -> endpoints.Fill.Invoke context
                | "/count" -> endpoints.Count.Invoke context
                | _ -> endpoints.Measured.Invoke context)
        )

        app

    /// A site without sessions.
    let plain (name: string) (measured: RequestDelegate) : Site =
        { Name = name
          Make = fun () -> app ignore ignore { Fill = nothing; Count = nothing; Measured = measured } }

    /// A site without sessions, whose requests and responses are as long as those of a session: a cookie comes, and the two
    /// caching headers go.
    let dressed (name: string) : Site =
        let token = String('x', 68)

        let fill (context: HttpContext) : Task =
            context.Response.Headers.SetCookie <- $"web={token}"
            ok context

        let measured (context: HttpContext) : Task =
            let headers = context.Response.Headers
            headers.Vary <- "Cookie"
            headers.CacheControl <- "private"
            ok context

        { Name = name
          Make =
            fun () ->
                app ignore ignore { Fill = RequestDelegate fill; Count = nothing; Measured = RequestDelegate measured } }

    /// Starts a site, and returns its port.
    let start (site: Site) : Task<int> =
        task {
            let app = site.Make()
            do! app.StartAsync()
            return Uri(Seq.head app.Urls).Port
        }
