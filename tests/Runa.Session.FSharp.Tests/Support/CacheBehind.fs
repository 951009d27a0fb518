/// An application whose endpoints are asked for with sessions, and cached.
module Runa.Session.Tests.CacheBehind

open System
open System.Net.Http
open System.Security.Claims
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Mvc
open Microsoft.AspNetCore.Mvc.ApplicationParts
open Microsoft.AspNetCore.OutputCaching
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

/// Who asks for the session around the endpoints.
type Asker =
    | Middleware
    | Scheme

type Cache =
    | Response
    | Output of policy: (IEndpointConventionBuilder -> unit)
    | OutputByBase of policy: (OutputCacheOptions -> unit)

let whom asker (context: HttpContext) : string =
    match asker with
    | Middleware -> context.GetSession "web" |> Session.owner |> Option.defaultValue "nobody"
    | Scheme ->
        match context.User.FindFirstValue ClaimTypes.NameIdentifier with
        | null -> "nobody"
        | name -> name

/// As UseRunaSession does.
let useWeb (app: IApplicationBuilder) =
    app.Use(fun (next: RequestDelegate) ->
        RequestDelegate(fun context ->
            let next (context: HttpContext) =
                task {
                    do! next.Invoke context
                    return Some context
                }

            useSession "web" next context))
    |> ignore

let useCache cache (app: IApplicationBuilder) =
    match cache with
    | Response -> app.UseResponseCaching() |> ignore
    | Output _
    | OutputByBase _ -> app.UseOutputCache() |> ignore

let ask asker (app: IApplicationBuilder) =
    match asker with
    | Middleware -> useWeb app
    | Scheme -> app.UseAuthentication() |> ignore

let services asker cache (services: IServiceCollection) =
    // MVC would look for an assembly of the application's name.
    services.AddSingleton<Runs>().AddSingleton<ApplicationPartManager>(ApplicationPartManager())
    |> ignore
    services.AddControllers().AddApplicationPart(typeof<Runs>.Assembly) |> ignore

    match asker with
    | Middleware -> ()
    | Scheme -> services.AddAuthentication().AddRunaSession() |> ignore

    match cache with
    | Response -> services.AddResponseCaching() |> ignore
    | Output _ -> services.AddOutputCache() |> ignore
    | OutputByBase policy -> services.AddOutputCache policy |> ignore

let withBody = [ "GET", "/me"; "GET", "/started"; "GET", "/changes" ]
let withoutBody = [ "HEAD", "/me"; "GET", "/empty"; "GET", "/varies"; "GET", "/zero" ]

/// The endpoints, of which all but /none may be asked for with a session.
let endpoints asker cache (app: IApplicationBuilder) =
    app.UseEndpoints(fun routes ->
        let runs = app.ApplicationServices.GetRequiredService<Runs>()

        let page (path: string) (answer: HttpContext -> string -> Task) =
            let endpoint =
                routes.MapMethods(
                    path,
                    [ "GET"; "HEAD" ],
                    RequestDelegate(fun context ->
                        let name = if path = "/none" then "nobody" else whom asker context
                        runs.Count context
                        context.Response.Headers.CacheControl <- "public, max-age=600"
                        context.Response.Headers["X-User"] <- name
                        answer context name)
                )

            match cache with
            | Output policy -> policy endpoint
            | _ -> ()

        let hi (context: HttpContext) (name: string) =
            if HttpMethods.IsHead context.Request.Method then
                Task.CompletedTask
            else
                context.Response.WriteAsync $"hi {name}"

        page "/none" hi
        page "/me" hi
        page "/empty" (fun _ _ -> Task.CompletedTask)

        // By itself Vary: Cookie would keep them apart.
        page "/varies" (fun context _ ->
            context.Response.Headers.Vary <- "Accept-Encoding"
            Task.CompletedTask)

        page "/zero" (fun context _ ->
            context.Response.ContentLength <- 0L
            Task.CompletedTask)

        page "/started" (fun context name ->
            task {
                do! context.Response.StartAsync()
                do! context.Response.WriteAsync $"hi {name}"
            })

        page "/changes" (fun context name ->
            task {
                let! () = context.UpdateSessionAsync("web", Session.update visits 0 ((+) 1))
                do! hi context name
            })

        routes.MapControllers() |> ignore

        routes.MapPost(
            "/in/{name}",
            RequestDelegate(fun context ->
                context.UpdateSessionAsync("web", Session.signIn (string context.Request.RouteValues["name"])))
        )
        |> ignore)
    |> ignore

let site asker cache (pipeline: IApplicationBuilder -> unit) server =
    start
        { host (text "no endpoint") with
            Server = server
            Services = services asker cache
            Pipeline =
                fun app ->
                    app.UseRouting() |> ignore
                    pipeline app
                    endpoints asker cache app }

let signedIn (app: App) (name: string) =
    task {
        let browser = app.NewBrowser()
        let! answer = browser.Send(HttpMethod.Post, $"/in/{name}")
        Expect.equal answer.Status 200 "signed in"
        return browser
    }
