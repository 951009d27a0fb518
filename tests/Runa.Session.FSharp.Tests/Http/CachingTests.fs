module Runa.Session.Tests.CachingTests

open System.Net.Http
open System.Threading
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private cacheable = setHeader "Cache-Control" "public, max-age=600, s-maxage=600"

let private looked: HttpHandler = perform (fun context -> task { context.GetSession "web" |> ignore })

/// A handler that counts how often it ran: a cache would answer in its place.
let private stores (services: IServiceCollection -> unit) (pipeline: IApplicationBuilder -> unit) =
    let mutable runs = 0

    let ran (context: HttpContext) = context.Response.Headers["X-Run"] <- string (Interlocked.Increment &runs)

    let counted =
        perform (fun context ->
            ran context
            System.Threading.Tasks.Task.CompletedTask)

    let empty = respond (fun _ -> System.Threading.Tasks.Task.CompletedTask)
    let sessions: (string * HttpHandler) list =
        [ "/read", readSession "web" (fun _ -> text "read")
          "/set", updateSession "web" (count >> fst) >=> text "set"
          "/use", useSession "web" >=> looked >=> text "used"
          "/left", useSession "web" >=> leave "web" >=> text "left"
          "/load",
          respond (fun context ->
              task {
                  let! _ = context.LoadSessionAsync "web"
                  do! context.Response.WriteAsync "loaded"
              })
          "/late", updateSession "web" id >=> cacheable >=> text "late"
          "/empty", updateSession "web" id >=> empty
          "/use/empty", useSession "web" >=> looked >=> cacheable >=> empty
          "/set/empty", updateSession "web" (count >> fst) >=> empty
          "/left/empty", useSession "web" >=> leave "web" >=> cacheable >=> empty ]

    let handler =
        counted
        >=> cacheable
        >=> choose
                [ for path, handler in sessions do
                      route path >=> handler
                  route "/none" >=> text "none"
                  route "/behind" >=> useSession "web" >=> text "not looked at" ]

    let run server =
        task {
            use! app = start { host handler with Server = server; Services = services; Pipeline = pipeline }
            let fresh (path: string) = task { return! app.NewBrowser().Get path }

            for path in [ "/none"; "/behind" ] do
                let! first = fresh path
                let! second = fresh path
                Expect.equal (second.Header "X-Run") (first.Header "X-Run") $"{path}: the cache works"

            for path, _ in sessions do
                let! first = fresh path
                let! second = fresh path
                Expect.equal first.Status 200 $"{path}: answered"
                Expect.notEqual (second.Header "X-Run") (first.Header "X-Run") $"{path}: not stored"
        }

    run

[<Tests>]
let tests =
    testList
        "Caching"
        [ onBoth "promise 20: UseOutputCache does not store a response that asked for a session" (fun server ->
              stores
                  (fun services ->
                      services.AddOutputCache(fun o -> o.AddBasePolicy(fun policy -> policy.Cache() |> ignore))
                      |> ignore)
                  (fun app -> app.UseOutputCache() |> ignore)
                  server)

          onBoth "promise 20: UseResponseCaching does not store a response that asked for a session" (fun server ->
              stores
                  (fun services -> services.AddResponseCaching() |> ignore)
                  (fun app -> app.UseResponseCaching() |> ignore)
                  server) ]
