/// Caches behind the session, and before it.
module Runa.Session.Tests.CacheBehindTests

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
open Runa.Session.Tests.CacheBehind

/// A policy of an endpoint that turns everything on again, whenever it is asked.
let private insisting =
    let allow (context: OutputCacheContext) =
        context.EnableOutputCaching <- true
        context.AllowCacheLookup <- true
        context.AllowCacheStorage <- true
        context.AllowLocking <- true
        ValueTask.CompletedTask

    { new IOutputCachePolicy with
        member _.CacheRequestAsync(context, _) = allow context
        member _.ServeFromCacheAsync(_, _) = ValueTask.CompletedTask
        member _.ServeResponseAsync(context, _) = allow context }

/// Alice asks first. Nobody is answered what somebody else was, and the handler runs each time.
let private keepsApart (app: App) (pages: (string * string) list) =
    task {
        let! alice = signedIn app "alice"
        let! bob = signedIn app "bob"

        for verb, path in pages do
            let mutable seen = Set.empty

            for browser, name in [ alice, "alice"; bob, "bob"; app.NewBrowser(), "nobody"; alice, "alice" ] do
                let! answer = browser.Send(HttpMethod verb, path)
                let what = $"{verb} {path} of {name}"
                let run = answer.Header "X-Run"
                Expect.equal answer.Status 200 $"{what}: answered"
                Expect.isFalse (run = "" || seen.Contains run) $"{what}: not from a cache"
                seen <- seen.Add run
                let control = answer.Header "Cache-Control"
                Expect.stringContains control "private" $"{what}: private"
                Expect.isFalse (control.Contains "public") $"{what}: not public"

                if path <> "/mvc" then
                    Expect.equal (answer.Header "X-User") name $"{what}: who asked"

                if answer.Body <> "" then
                    let shown = if path = "/mvc" && name = "nobody" then "" else name
                    Expect.equal answer.Body $"hi {shown}" $"{what}: who is greeted"
    }

let private orders asker cache =
    [ "the cache behind",
      (fun app ->
          ask asker app
          useCache cache app)
      "the cache before",
      (fun app ->
          useCache cache app
          ask asker app) ]

let private apart name cache pagesBehind pagesBefore =
    testList
        name
        [ for asker in [ Middleware; Scheme ] do
              for (order, pipeline), pages in List.zip (orders asker cache) [ pagesBehind; pagesBefore ] do
                  let pages =
                      match asker, cache with
                      | Scheme, Response -> ("GET", "/mvc") :: pages
                      | _ -> pages

                  onBoth $"promise 20: {asker}, {order}: nobody sees somebody else's page" (fun server ->
                      task {
                          use! app = site asker cache pipeline server
                          do! keepsApart app pages
                      }) ]

let private has (holds: HttpContext -> bool) (asker: IApplicationBuilder -> unit) (app: IApplicationBuilder) =
    app.UseWhen(Func<_, _> holds, asker) |> ignore

let private hasCookie (context: HttpContext) = context.Request.Headers.Cookie.Count > 0

let private look (app: IApplicationBuilder) =
    app.Use(fun (next: RequestDelegate) ->
        RequestDelegate(fun context ->
            context.GetSession "web" |> ignore
            next.Invoke context))
    |> ignore

/// The session is asked for by those that have a cookie only.
let private strangers name cache =
    onBoth $"promise 20: {name} behind the session stores pages of requests that ask for none" (fun server ->
        task {
            let pipeline app =
                has
                    hasCookie
                    (fun app ->
                        useWeb app
                        look app)
                    app
                useCache cache app

            use! app = site Middleware cache pipeline server
            let get (browser: Browser) = browser.Get "/none"
            let! first = get (app.NewBrowser())
            let! second = get (app.NewBrowser())
            Expect.equal (second.Header "X-Run") (first.Header "X-Run") "stored"
            Expect.equal (second.Header "Cache-Control") "public, max-age=600" "left alone"
            let! alice = signedIn app "alice"
            let! hers = get alice
            Expect.notEqual (hers.Header "X-Run") (first.Header "X-Run") "a request with a session is not served one"
            let! third = get (app.NewBrowser())
            Expect.equal (third.Header "X-Run") (first.Header "X-Run") "and does not take its place"
        })

/// What the request says of caches behind the session.
let private asked name (add: IApplicationBuilder -> unit) (sent: string) (expected: string) =
    testCaseTask name (fun () ->
        task {
            let control =
                readSession "web" (fun _ ->
                    respond (fun context -> context.Response.WriteAsync(string context.Request.Headers.CacheControl)))

            use! app =
                start
                    { host control with
                        Services = fun services -> services.AddResponseCaching() |> ignore
                        Pipeline = add }

            let request = new HttpRequestMessage(HttpMethod.Get, Uri("/", UriKind.Relative))

            if sent <> "" then
                request.Headers.Add("Cache-Control", sent)

            let! answer = app.NewBrowser().SendRaw request
            Expect.equal answer.Body expected "Cache-Control of the request"
        })

let private late =
    onBoth
        "promise 20: output caching, which heeds no no-store, stores no response that asked for a session when it had started"
        (fun server ->
            task {
                let runs = Runs()

                let page (context: HttpContext) =
                    task {
                        runs.Count context
                        // Without it, the session would not be given out any more.
                        context.Response.Headers.CacheControl <- "no-store"
                        do! context.Response.WriteAsync "hi "
                        do! context.Response.Body.FlushAsync()
                        let! session = context.LoadSessionAsync "web"
                        do! context.Response.WriteAsync(Session.owner session |> Option.defaultValue "nobody")
                    }

                use! app =
                    start
                        { host (respond (fun context -> page context)) with
                            Server = server
                            Services =
                                fun services ->
                                    services.AddOutputCache(fun options ->
                                        options.AddBasePolicy(fun policy -> policy.Cache() |> ignore))
                                    |> ignore
                            Pipeline = fun app -> app.UseOutputCache() |> ignore }

                let! first = app.NewBrowser().Get "/"
                let! second = app.NewBrowser().Get "/"
                Expect.equal second.Body "hi nobody" "answered"
                Expect.notEqual (second.Header "X-Run") (first.Header "X-Run") "not stored"
            })

let private elsewhere (app: IApplicationBuilder) =
    app.Map("/elsewhere", (fun (app: IApplicationBuilder) -> app.UseResponseCaching() |> ignore))
    |> ignore

let private plain (endpoint: IEndpointConventionBuilder) = endpoint.CacheOutput() |> ignore
let private plainly (options: OutputCacheOptions) = options.AddBasePolicy(fun policy -> policy.Cache() |> ignore)
let private insists (endpoint: IEndpointConventionBuilder) = endpoint.CacheOutput insisting |> ignore

[<Tests>]
let tests =
    let all = withBody @ withoutBody

    testList
        "Caching behind the session"
        [ apart "response caching" Response all all
          apart "output caching by endpoint" (Output plain) all all
          apart "output caching by base policy" (OutputByBase plainly) all all
          apart "output caching by a base policy that insists" (OutputByBase _.AddBasePolicy(insisting)) all all
          // Of a response without a body, the policy's own word is the last one, where the cache is before.
          apart "output caching by a policy that insists" (Output insists) all withBody

          strangers "response caching" Response
          strangers "output caching" (Output plain)
          late

          asked "a request is told not to be cached where response caching is in use" elsewhere "" "no-cache, no-store"
          asked "what a request says stays" elsewhere "max-age=5" "no-cache, no-store,max-age=5"
          asked "a request is left alone where response caching is not used" ignore "max-age=5" "max-age=5"
          asked
              "a request is left alone where response caching is around it"
              (fun app -> app.UseResponseCaching() |> ignore)
              "max-age=5"
              "max-age=5" ]
