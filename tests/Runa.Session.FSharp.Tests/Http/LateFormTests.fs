/// Every form of asking for a session, after every way of beginning a response.
module Runa.Session.Tests.LateFormTests

open System
open System.Collections.Concurrent
open System.Net
open System.Net.Http
open System.Net.WebSockets
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.Lateness

let private run (handler: HttpHandler) (context: HttpContext) : Task = handler (Some >> Task.FromResult) context
let private onwards: HttpHandler = fun next context -> next context

/// Every way to ask for a session.
let private forms: (string * (HttpContext -> Task)) list =
    [ "withSession", run (withSession "web" (fun session -> fst (count session), onwards))
      "updateSession", run (updateSession "web" (count >> fst))
      "readSession", run (readSession "web" (fun _ -> onwards))
      "withOwner", run (withOwner "web" onwards (fun _ session -> session, onwards))
      "withSessionTask", run (withSessionTask "web" (fun _ session -> Task.FromResult((session, onwards))))
      "useSession", run (useSession "web")
      "ctx.LoadSessionAsync", (fun context -> context.LoadSessionAsync "web")
      "ctx.UpdateSessionAsync", (fun context -> context.UpdateSessionAsync("web", Session.set visits 9))
      "ctx.CommitSessionAsync", (fun context -> context.CommitSessionAsync "web")
      "ctx.GetSession", (fun context -> task { context.GetSession "web" |> ignore })
      "ctx.SetSession", (fun context -> task { context.SetSession(Session.empty "web") })
      "AuthenticateAsync", (fun context -> context.AuthenticateAsync "web")
      "SignInAsync", (fun context -> context.SignInAsync("web", principal ann))
      "SignOutAsync", (fun context -> context.SignOutAsync "web") ]

/// Every way to begin a response, with a body or without.
let private starts: (string * (HttpContext -> Task)) list =
    [ "WriteAsync", (fun context -> context.Response.WriteAsync "begun")
      "StartAsync", (fun context -> context.Response.StartAsync())
      "BodyWriter", (fun context -> task { let! _ = (BodyWays.advance context).FlushAsync() in () })
      "Body.FlushAsync", (fun context -> context.Response.Body.FlushAsync())
      "SendFileAsync", (fun context -> context.Response.SendFileAsync BodyWays.file.Value)
      "CompleteAsync", (fun context -> context.Response.CompleteAsync())
      "204",
      (fun context ->
          context.Response.StatusCode <- 204
          context.Response.StartAsync())
      "304",
      (fun context ->
          context.Response.StatusCode <- 304
          context.Response.StartAsync()) ]

/// Begins one way, asks in one form, and answers what that raised.
let private site (told: ConcurrentDictionary<string, TaskCompletionSource<string>>) : HttpHandler =
    choose
        [ route "/count" >=> withSession "web" count
          route "/show" >=> readSession "web" shown
          fun _ context ->
              task {
                  let query = context.Request.Query
                  let pick (from: (string * (HttpContext -> Task)) list) (key: string) =
                      from |> List.find (fun (name, _) -> name = string query[key]) |> snd

                  context.Response.Headers.CacheControl <- "public, max-age=600"
                  do! pick starts "start" context
                  let! message = asked (pick forms "form") context
                  told[string query["id"]].SetResult message
                  return Some context
              } ]

let private allForms =
    let each server protocol version =
        task {
            let told = ConcurrentDictionary<string, TaskCompletionSource<string>>()

            use! app =
                start
                    { host (site told) with
                        Server = server
                        Protocols = protocol
                        // Two schemes: so that none is the default, which would be asked before.
                        Services =
                            fun services ->
                                services.AddAuthentication().AddRunaSession().AddRunaSession("admin") |> ignore }

            let browser = app.NewBrowser()

            let get (verb: HttpMethod) (path: string) =
                browser.SendRaw(
                    new HttpRequestMessage(
                        verb,
                        Uri(path, UriKind.Relative),
                        Version = version,
                        VersionPolicy = HttpVersionPolicy.RequestVersionExact
                    )
                )

            let! _ = get HttpMethod.Get "/count"

            // The server in memory begins such a response when the handler has ended.
            let begins (way: string) = server = Server.Kestrel || way <> "CompleteAsync"

            for way, _ in starts |> List.filter (fst >> begins) do
                for form, _ in forms do
                    for verb in [ HttpMethod.Get; HttpMethod.Head; HttpMethod.Post ] do
                        let id = $"{way}, {form}, {verb}"
                        told[id] <- TaskCompletionSource<string>()
                        let! answer = get verb $"/?start={way}&form={form}&id={Uri.EscapeDataString id}"
                        let! message = told[id].Task
                        let isOfUser = List.contains form [ "AuthenticateAsync"; "SignInAsync"; "SignOutAsync" ]
                        Expect.equal message (if isOfUser then tooLateUser else tooLate) id
                        Expect.isEmpty answer.SetCookies $"{id}: no cookie"

            let! show = get HttpMethod.Get "/show"
            Expect.equal show.Body "1" "nothing was stored"
        }

    testList
        "promise 20: a session that is first asked for after the response has started raises, in every form"
        [ testCaseTask "in memory" (fun () -> each Server.InMemory HttpProtocols.Http1 HttpVersion.Version11)
          testCaseTask "over Kestrel" (fun () -> each Server.Kestrel HttpProtocols.Http1 HttpVersion.Version11)
          testCaseTask "over HTTP/2" (fun () -> each Server.Kestrel HttpProtocols.Http2 HttpVersion.Version20) ]

[<Tests>]
let tests = testList "LateSession" [ allForms ]
