namespace Runa.Session.Benchmarks

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Runa.Session
open StackExchange.Redis

/// One small application on Kestrel. A request for /fill makes a visitor's session, any other is the one that is measured.
type Site = { Name: string; Make: unit -> WebApplication }

/// The applications that are compared: the same small endpoint without a session, with the framework's, and with ours.
module Sites =
    let private secret = "0123456789abcdefghijklmnopqrstuvwxyz"

    let private app (add: IServiceCollection -> unit) (use': WebApplication -> unit) (fill: RequestDelegate) endpoint =
        let builder = WebApplication.CreateSlimBuilder()
        builder.Logging.ClearProviders() |> ignore
        builder.WebHost.UseUrls "http://127.0.0.1:0" |> ignore
        builder.Services.AddRouting() |> ignore
        add builder.Services
        let app = builder.Build()
        use' app

        app.Run(
            RequestDelegate(fun context ->
                if context.Request.Path.Value = "/fill" then
                    fill.Invoke context
                else
                    (endpoint: RequestDelegate).Invoke context)
        )

        app

    let private ok (context: HttpContext) : Task =
        context.Response.ContentLength <- 2L
        context.Response.WriteAsync "ok"

    let private nothing = RequestDelegate ok

    let private handler (run: HttpHandler) = toRequestDelegate run

    let private answered: HttpHandler =
        fun _ context ->
            task {
                do! ok context
                return Some context
            }

    let private fillOurs =
        handler (
            withSession "web" (fun session ->
                session
                |> Session.set Apps.visits 1
                |> Session.set Apps.name "Runa"
                |> Session.set Apps.theme "dark",
                answered)
        )

    let private readOurs =
        handler (
            readSession "web" (fun session ->
                let visits = Session.getOr Apps.visits 0 session
                let name = Session.getOr Apps.name "" session
                let theme = Session.getOr Apps.theme "" session
                if visits + name.Length + theme.Length < 0 then failwith "never" else answered)
        )

    let private writeOurs =
        handler (
            withSession "web" (fun session ->
                Session.set Apps.visits (1 + Session.getOr Apps.visits 0 session) session, answered)
        )

    let private plain =
        SessionSetup.secrets [ secret ]
        >> SessionSetup.session "web" (fun o -> { o with CookieName = "web"; Secure = CookieSecure.Never })

    let private ours (change: SessionSetup -> SessionSetup) endpoint () =
        app (fun services -> services.AddRunaSession(plain >> change) |> ignore) ignore fillOurs endpoint

    let private fillTheirs =
        RequestDelegate(fun context ->
            context.Session.SetInt32("visits", 1)
            context.Session.SetString("name", "Runa")
            context.Session.SetString("theme", "dark")
            ok context)

    let private readTheirs =
        RequestDelegate(fun context ->
            task {
                do! context.Session.LoadAsync()
                let visits = context.Session.GetInt32("visits").GetValueOrDefault()
                let name = string (context.Session.GetString "name")
                let theme = string (context.Session.GetString "theme")
                if visits + name.Length + theme.Length < 0 then
                    failwith "never"
                do! ok context
            })

    let private writeTheirs =
        RequestDelegate(fun context ->
            task {
                do! context.Session.LoadAsync()
                let visits = context.Session.GetInt32("visits").GetValueOrDefault() + 1
                context.Session.SetInt32("visits", visits)
                do! context.Session.CommitAsync()
                do! ok context
            })

    let private theirs (cache: IServiceCollection -> unit) endpoint () =
        app
            (fun services ->
                cache services
                services.AddSession() |> ignore)
            (fun app -> app.UseSession() |> ignore)
            fillTheirs
            endpoint

    let private inMemory (services: IServiceCollection) = services.AddDistributedMemoryCache() |> ignore

    let memory: Site list =
        [ { Name = "bare"; Make = fun () -> app ignore ignore nothing nothing }
          { Name = "memory, read"; Make = ours id readOurs }
          { Name = "memory, write"; Make = ours id writeOurs }
          { Name = "memory, read by ASP.NET Core"; Make = theirs inMemory readTheirs }
          { Name = "memory, write by ASP.NET Core"; Make = theirs inMemory writeTheirs } ]

    let redis (address: string) : Site list =
        let connection = lazy (ConnectionMultiplexer.Connect address)
        let runa = SessionSetup.driverFrom "memory" (fun _ -> RedisDriver.create connection.Value)

        let cached (services: IServiceCollection) =
            services.AddStackExchangeRedisCache(fun options -> options.Configuration <- address) |> ignore

        let get =
            RequestDelegate(fun context ->
                task {
                    let! _ = connection.Value.GetDatabase().StringGetAsync(RedisKey "bench")
                    do! ok context
                })

        [ { Name = "Redis, one GET"
            Make =
              fun () ->
                  connection.Value.GetDatabase().StringSet(RedisKey "bench", RedisValue(String('x', 100))) |> ignore
                  app ignore ignore nothing get }
          { Name = "Redis, read"; Make = ours runa readOurs }
          { Name = "Redis, write"; Make = ours runa writeOurs }
          { Name = "Redis, read by ASP.NET Core"; Make = theirs cached readTheirs }
          { Name = "Redis, write by ASP.NET Core"; Make = theirs cached writeTheirs } ]

    /// Starts a site, and returns its port.
    let start (site: Site) : Task<int> =
        task {
            let app = site.Make()
            do! app.StartAsync()
            return Uri(Seq.head app.Urls).Port
        }
