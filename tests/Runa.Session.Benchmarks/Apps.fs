namespace Runa.Session.Benchmarks

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Microsoft.Extensions.Logging
open Runa.Session

/// The same small endpoint with no session, with the framework's own and with ours: a session of three keys in memory.
module Apps =
    let visits = SessionKey.create<int> "visits"
    let name = SessionKey.create<string> "name"
    let theme = SessionKey.create<string> "theme"

    let private build (add: IServiceCollection -> unit) (app: IApplicationBuilder -> RequestDelegate) (cookie: string) =
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

        Pipeline(provider, app builder, cookie)

    /// The cookie pair that one request to a pipeline sets.
    let private cookieOf (pipeline: Pipeline) =
        pipeline.Request().GetAwaiter().GetResult()
        (string pipeline.SetCookies).Split(';')[0]

    let answer (context: HttpContext) (length: int) : Task =
        context.Response.ContentLength <- int64 length
        Task.CompletedTask

    let bare () =
        build
            ignore
            (fun app ->
                app.Run(fun context -> answer context 0)
                app.Build())
            ""

    module Framework =
        let private add (services: IServiceCollection) =
            services.AddDistributedMemoryCache() |> ignore
            services.AddSession() |> ignore

        let private make (endpoint: RequestDelegate) =
            build add (fun app ->
                app.UseSession() |> ignore
                app.Run endpoint
                app.Build())

        let private fill =
            RequestDelegate(fun context ->
                context.Session.SetInt32("visits", 1)
                context.Session.SetString("name", "Runa")
                context.Session.SetString("theme", "dark")
                answer context 0)

        /// Both on one store: the session is made by the first request.
        let private withSession (endpoint: RequestDelegate) =
            let switch =
                RequestDelegate(fun context ->
                    if String.IsNullOrEmpty(string context.Request.Headers.Cookie) then
                        fill.Invoke context
                    else
                        endpoint.Invoke context)

            let first = make switch ""
            first.WithCookie(cookieOf first)

        let read () =
            withSession (
                RequestDelegate(fun context ->
                    let visits = context.Session.GetInt32("visits").GetValueOrDefault()
                    let name = string (context.Session.GetString "name")
                    let theme = string (context.Session.GetString "theme")
                    answer context (visits + name.Length + theme.Length))
            )

        let write () =
            withSession (
                RequestDelegate(fun context ->
                    let visits = context.Session.GetInt32("visits").GetValueOrDefault() + 1
                    context.Session.SetInt32("visits", visits)
                    answer context visits)
            )

    module Runa =
        let private length (length: int) : HttpHandler =
            fun _ context ->
                context.Response.ContentLength <- int64 length
                Task.FromResult(Some context)

        let private add (services: IServiceCollection) =
            services.AddRunaSession(SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]) |> ignore

        let private fill =
            updateSession "web" (Session.set visits 1 >> Session.set name "Runa" >> Session.set theme "dark")

        let private withSession (handler: HttpHandler) =
            let fill = toRequestDelegate fill
            let handler = toRequestDelegate handler

            let switch =
                RequestDelegate(fun context ->
                    if String.IsNullOrEmpty(string context.Request.Headers.Cookie) then
                        fill.Invoke context
                    else
                        handler.Invoke context)

            let first =
                build
                    add
                    (fun app ->
                        app.Run switch
                        app.Build())
                    ""

            first.WithCookie(cookieOf first)

        let read () =
            withSession (
                readSession "web" (fun session ->
                    let visits = Session.getOr visits 0 session
                    let name = Session.getOr name "" session
                    let theme = Session.getOr theme "" session
                    length (visits + name.Length + theme.Length))
            )

        let write () =
            withSession (
                Runa.Session.SessionHandlers.withSession "web" (fun session ->
                    let n = 1 + Session.getOr visits 0 session
                    session |> Session.set visits n, length n)
            )

        /// Behind useSession, the F# counterpart of the middleware.
        let writeBehindUse () =
            let write: HttpHandler =
                fun next context ->
                    let session = context.GetSession "web"
                    let n = 1 + Session.getOr visits 0 session
                    context.SetSession(session |> Session.set visits n)
                    length n next context

            withSession (fun next -> useSession "web" (write next))

    /// The middleware of the C# package.
    module Middleware =
        let private add (services: IServiceCollection) =
            services.AddRunaSession(fun (sessions: Runa.RunaSessionBuilder) ->
                sessions.AddSecrets "0123456789abcdefghijklmnopqrstuvwxyz" |> ignore)
            |> ignore

        let private make (endpoint: HttpContext -> Task) =
            build add (fun app ->
                app.UseRunaSession "web" |> ignore
                app.Run(RequestDelegate endpoint)
                app.Build())

        let private fill (context: HttpContext) =
            let session = context.GetRunaSession "web"
            session.Set(visits, 1)
            session.Set(name, "Runa")
            session.Set(theme, "dark")
            answer context 0

        let private withSession (endpoint: HttpContext -> Task) =
            let switch (context: HttpContext) =
                if String.IsNullOrEmpty(string context.Request.Headers.Cookie) then
                    fill context
                else
                    endpoint context

            let first = make switch ""
            first.WithCookie(cookieOf first)

        /// A request with a session's cookie, whose endpoint does not look at the session.
        let untouched () = make (fun context -> answer context 0) (cookieOf (make fill ""))

        let read () =
            withSession (fun context ->
                let session = context.GetRunaSession "web"
                let visits = session.Get(visits, 0)
                let name = session.Get(name, "")
                let theme = session.Get(theme, "")
                answer context (visits + name.Length + theme.Length))

        let write () =
            withSession (fun context ->
                let session = context.GetRunaSession "web"
                let n = session.Get(visits, 0) + 1
                session.Set(visits, n)
                answer context n)

        let step () =
            withSession (fun context ->
                task {
                    let! n =
                        context.UpdateRunaSessionAsync(
                            "web",
                            Func<Runa.RunaSession, int>(fun session ->
                                session.Set(visits, session.Get(visits, 0) + 1)
                                session.Get(visits, 0))
                        )

                    do! answer context n
                })
