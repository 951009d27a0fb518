namespace Runa.Session.Benchmarks

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Runa.Session

/// Small applications, each with one endpoint. What they answer has no body, only its length.
module Apps =
    let secret = "0123456789abcdefghijklmnopqrstuvwxyz"
    let visits = SessionKey.create<int> "visits"
    let name = SessionKey.create<string> "name"
    let theme = SessionKey.create<string> "theme"

    let build (add: IServiceCollection -> unit) (app: IApplicationBuilder -> RequestDelegate) : Pipeline =
        let services =
            ServiceCollection().AddLogging(fun logging -> logging.SetMinimumLevel LogLevel.Warning |> ignore)

        services.AddSingleton<IHttpContextFactory, DefaultHttpContextFactory>() |> ignore
        services.AddOptions() |> ignore
        add services
        let provider = services.BuildServiceProvider()
        let builder = ApplicationBuilder provider

        // As hosts do: what libraries put before the application's own pipeline.
        for filter in provider.GetServices<IStartupFilter>() do
            (filter.Configure(fun _ -> ())).Invoke builder

        new Pipeline(provider, app builder, [||])

    let answer (context: HttpContext) (length: int) : Task =
        context.Response.ContentLength <- int64 length
        Task.CompletedTask

    /// A newcomer's session is filled; the requests of its visitor are those that are measured.
    let filledFirst (fill: RequestDelegate) (endpoint: RequestDelegate) =
        RequestDelegate(fun context ->
            if String.IsNullOrEmpty(string context.Request.Headers.Cookie) then
                fill.Invoke context
            else
                endpoint.Invoke context)

    let private run (endpoint: HttpContext -> Task) =
        build ignore (fun app ->
            app.Run(RequestDelegate endpoint)
            app.Build())

    let bare () = run (fun context -> answer context 0)

    let private markPrivate =
        Func<obj, Task>(fun context ->
            let headers = (context :?> HttpContext).Response.Headers
            headers.Vary <- "Cookie"
            headers.CacheControl <- "private, no-cache"
            Task.CompletedTask)

    /// What is left of a read if loading a session costs nothing: two headers, set when the response starts.
    let floor () =
        run (fun context ->
            context.Response.OnStarting(markPrivate, context)
            answer context 0)
