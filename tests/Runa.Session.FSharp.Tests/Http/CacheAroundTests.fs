/// A cache of the framework around an application that is a part of a larger one, with services of its own.
module Runa.Session.Tests.CacheAroundTests

open System
open System.Net.Http
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.CacheBehind

/// Greets the owner of the session; a POST signs in.
let private greeting (context: HttpContext) : Task =
    task {
        if HttpMethods.IsPost context.Request.Method then
            do! context.UpdateSessionAsync("web", Session.signIn (string context.Request.Query["name"]))
        else
            let! session = context.LoadSessionAsync "web"
            context.Response.Headers.CacheControl <- "public, max-age=600"
            do! context.Response.WriteAsync(Session.owner session |> Option.defaultValue "nobody")
    }

/// The inner application's pipeline. `isWhole`: with its startup filters.
let private inner (isWhole: bool) : RequestDelegate =
    let services = ServiceCollection()
    services.AddRunaSession(SessionSetup.secrets [ secret ] >> SessionSetup.application "inner")
    |> ignore
    let provider = services.BuildServiceProvider()
    let app = ApplicationBuilder provider

    app.Use(fun (next: RequestDelegate) ->
        RequestDelegate(fun context ->
            task {
                use scope = provider.CreateScope()
                context.RequestServices <- scope.ServiceProvider
                do! next.Invoke context
            }))
    |> ignore

    let configure = Action<IApplicationBuilder>(fun app -> app.Run(RequestDelegate greeting))
    let filters = if isWhole then List.ofSeq (provider.GetServices<IStartupFilter>()) else []
    (List.foldBack (fun (filter: IStartupFilter) next -> filter.Configure next) filters configure).Invoke app
    app.Build()

let private around (name: string) (add: IServiceCollection -> unit) (cache: IApplicationBuilder -> unit) isWhole =
    onBoth
        $"promise 20: {name} around an application with services of its own, startup filters: {isWhole}"
        (fun server ->
            task {
                let pipeline (app: IApplicationBuilder) =
                    cache app
                    let inner = inner isWhole
                    app.Run inner

                use! app =
                    startBare { host (text "not reached") with Server = server; Services = add; Pipeline = pipeline }

                for name in [ "alice"; "bob" ] do
                    let browser = app.NewBrowser()
                    let! signedIn = browser.Send(HttpMethod.Post, $"/?name={name}")
                    Expect.equal signedIn.Status 200 "signed in"
                    let! answer = browser.Get "/"
                    Expect.equal answer.Body name "greeted by the own name"

                let! answer = app.NewBrowser().Get "/"
                Expect.equal answer.Body "nobody" "a stranger"
            })

let private response =
    around "response caching" (fun services -> services.AddResponseCaching() |> ignore) (useCache Response)

let private output =
    around
        "output caching"
        (fun services ->
            services.AddOutputCache(fun options -> options.AddBasePolicy(fun policy -> policy.Cache() |> ignore))
            |> ignore)
        (fun app -> app.UseOutputCache() |> ignore)

[<Tests>]
let tests =
    testList
        "Caching around a part"
        [ for isWhole in [ true; false ] do
              response isWhole
              output isWhole ]
