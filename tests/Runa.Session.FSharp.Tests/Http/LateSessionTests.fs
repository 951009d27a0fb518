module Runa.Session.Tests.LateSessionTests

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

let private run (handler: HttpHandler) (context: HttpContext) : Task = handler (Some >> Task.FromResult) context
let private onwards: HttpHandler = fun next context -> next context
let private once: HttpHandler = setHeader "Cache-Control" "public, max-age=600"

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

let private asked (form: HttpContext -> Task) (context: HttpContext) : Task<string> =
    task {
        try
            do! form context
            return "nothing was raised"
        with :? InvalidOperationException as e ->
            return e.Message
    }

let private tooLateFor advice =
    $"The session \"web\" is asked for too late: the response has started, and shared caches were not told to keep it from other visitors. Ask for it before the first write: {advice}. Or send Cache-Control: no-store with the response."

let private tooLate =
    tooLateFor "call ctx.LoadSessionAsync \"web\" before whatever writes (useSession alone does not look at it)"

let private tooLateUser =
    tooLateFor "put app.UseAuthentication() before whatever writes, or call AuthenticateAsync before it"

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

/// Sends these headers and the first byte, then reads the session.
let private lateAfter (headers: (string * string) list) : HttpHandler =
    respond (fun context ->
        task {
            for name, value in headers do
                context.Response.Headers.Append(name, value)

            do! context.Response.WriteAsync "begun,"
            do! context.Response.Body.FlushAsync()

            let! message =
                asked
                    (fun context ->
                        task {
                            let! session = context.LoadSessionAsync "web"
                            do! context.Response.WriteAsync $"{Session.getOr visits 0 session}"
                        })
                    context

            do! context.Response.WriteAsync(if message = tooLate then "refused" else "")
        })

let private headers =
    testList
        "promise 20: the headers that were sent decide whether it is given"
        [ for said, isGiven in
              [ [ "Cache-Control", "no-store" ], true
                [ "Cache-Control", "no-cache,no-store" ], true
                [ "Cache-Control", "public, NO-STORE" ], true
                [ "Cache-Control", "max-age=60"; "Cache-Control", "no-store" ], true
                [ "Cache-Control", "private"; "Vary", "Cookie" ], true
                [ "Cache-Control", "private, max-age=60"; "Vary", "Accept, cookie" ], true
                [ "Cache-Control", "private"; "Vary", "*" ], true
                [], false
                [ "Cache-Control", "private" ], false
                [ "Vary", "Cookie" ], false
                [ "Cache-Control", "public"; "Vary", "Cookie" ], false
                [ "Cache-Control", "no-cache" ], false
                [ "Cache-Control", "private=\"Set-Cookie\""; "Vary", "Cookie" ], false
                [ "Cache-Control", "private, s-maxage=60"; "Vary", "Cookie" ], false
                [ "Cache-Control", "private"; "Vary", "X-Cookie" ], false
                [ "Cache-Control", "x no-store x" ], false ] do
              onBoth $"%A{said}" (fun server ->
                  task {
                      let site = choose [ route "/count" >=> withSession "web" count; lateAfter said ]
                      use! app = start { host site with Server = server }
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/count"
                      let! answer = browser.Get "/"
                      Expect.equal answer.Body (if isGiven then "begun,1" else "begun,refused") "as it says"
                  }) ]

let private before =
    testList
        "promise 20: it is given before the first byte, and later if one was asked for by then"
        [ onBoth "bytes in the pipe that were not flushed are no start" (fun server ->
              task {
                  let handler =
                      once
                      >=> respond (fun context ->
                          task {
                              BodyWays.advance context |> ignore
                              do! context.UpdateSessionAsync("web", Session.set visits 7)
                          })

                  use! app = start { host handler with Server = server }
                  let! answer = app.NewBrowser().Get "/"
                  Expect.equal answer.Body "hello" "the body"
                  Expect.equal (List.length answer.SetCookies) 1 "the cookie"
                  Expect.stringContains (answer.Header "Cache-Control") "private" "private"
              })

          onBoth "another name, after the start, of a request that asked for one before" (fun server ->
              task {
                  let handler =
                      once
                      >=> readSession "admin" (fun _ ->
                          respond (fun context ->
                              task {
                                  do! context.Response.WriteAsync "begun,"
                                  do! context.Response.Body.FlushAsync()
                                  let! session = context.LoadSessionAsync "web"
                                  do! context.Response.WriteAsync $"{Session.getOr visits 0 session}"
                              }))

                  let site = choose [ route "/count" >=> withSession "web" count; handler ]
                  use! app = start { host site with Server = server }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/count"
                  let! answer = browser.Get "/"
                  Expect.equal answer.Body "begun,1" "given"
                  Expect.stringContains (answer.Header "Cache-Control") "private" "as it is private"
              })

          testCaseTask "a WebSocket is no answer that a cache could keep" (fun () ->
              task {
                  let talk: HttpHandler =
                      respond (fun context ->
                          task {
                              use! socket = context.WebSockets.AcceptWebSocketAsync()

                              let! n =
                                  context.UpdateSessionAsync(
                                      "web",
                                      fun session ->
                                          let n = 1 + Session.getOr visits 0 session
                                          Session.set visits n session, n
                                  )

                              do!
                                  socket.SendAsync(
                                      ReadOnlyMemory(Text.Encoding.UTF8.GetBytes(string n)),
                                      WebSocketMessageType.Text,
                                      true,
                                      CancellationToken.None
                                  )

                              do! socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None)
                          })

                  let site = choose [ route "/count" >=> withSession "web" count; talk ]

                  use! app =
                      start
                          { host site with
                              Server = Server.Kestrel
                              Pipeline = fun app -> app.UseWebSockets() |> ignore }

                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/count"
                  use client = new ClientWebSocket()

                  for KeyValue(name, value) in browser.Cookies do
                      client.Options.SetRequestHeader("Cookie", $"{name}={value}")

                  do! client.ConnectAsync(UriBuilder(app.Address, Scheme = "ws").Uri, CancellationToken.None)
                  let buffer = Array.zeroCreate<byte> 16
                  let! received = client.ReceiveAsync(ArraySegment buffer, CancellationToken.None)
                  Expect.equal (Text.Encoding.UTF8.GetString(buffer, 0, received.Count)) "2" "changed and answered"
              }) ]

let private caches =
    let stores (services: IServiceCollection -> unit) (pipeline: IApplicationBuilder -> unit) server =
        task {
            let late said : HttpHandler =
                respond (fun context ->
                    task {
                        for name, value: string in said do
                            context.Response.Headers.Append(name, value)

                        do! context.Response.WriteAsync "begun,"
                        do! context.Response.Body.FlushAsync()
                        let! session = context.LoadSessionAsync "web"
                        do! context.Response.WriteAsync $"of {Session.getOr notice String.Empty session}"
                    })

            let said =
                [ "/public", [ "Cache-Control", "public, max-age=600" ]
                  "/plain", []
                  "/no-store", [ "Cache-Control", "no-store" ]
                  "/private", [ "Cache-Control", "private, max-age=600"; "Vary", "Cookie" ] ]

            let site =
                choose
                    [ for path, said in said do
                          route path >=> late said
                      fun next context ->
                          updateSession "web" (Session.set notice (string context.Request.Query["name"])) next context ]

            use! app = start { host site with Server = server; Services = services; Pipeline = pipeline }

            let visitor (name: string) =
                task {
                    let browser = app.NewBrowser()
                    let! _ = browser.Get $"/?name={name}"
                    return browser
                }

            let! ann = visitor "ann"
            let! bob = visitor "bob"

            let get (browser: Browser) (path: string) =
                task {
                    try
                        let! answer = browser.Get path
                        return answer.Body
                    with _ ->
                        return "broken off"
                }

            for path, isGiven in [ "/public", false; "/plain", false; "/no-store", true; "/private", true ] do
                for round in 1..2 do
                    let! anns = get ann path
                    let! bobs = get bob path

                    if isGiven then
                        Expect.equal (anns, bobs) ("begun,of ann", "begun,of bob") $"{path}, {round}: each their own"
                    else
                        Expect.isFalse (anns.Contains "of ann") $"{path}, {round}: ann {anns}"
                        Expect.isFalse (bobs.Contains "of ann" || bobs.Contains "of bob") $"{path}, {round}: bob {bobs}"
        }

    testList
        "promise 20: no cache serves one visitor's page to another"
        [ onBoth
              "response caching"
              (stores (fun services -> services.AddResponseCaching() |> ignore) (fun app ->
                  app.UseResponseCaching() |> ignore))
          onBoth
              "output caching"
              (stores
                  (fun services ->
                      services.AddOutputCache(fun o -> o.AddBasePolicy(fun policy -> policy.Cache() |> ignore))
                      |> ignore)
                  (fun app -> app.UseOutputCache() |> ignore)) ]

let private tickets =
    let withTickets (handler: HttpHandler) =
        { host handler with
            Setup = SessionSetup.session "tickets" id
            Services =
                fun services ->
                    services
                        .AddAuthentication()
                        .AddCookie()
                        // So that none is the default, which would be asked before.
                        .AddCookie("another")
                        .AddRunaTicketStore("tickets")
                    |> ignore }

    let site late : HttpHandler =
        choose
            [ route "/in" >=> signIn "Cookies" ann
              route "/late" >=> late
              once
              >=> respond (fun context ->
                  task {
                      let! result = context.AuthenticateAsync "Cookies"
                      do! context.Response.WriteAsync(if result.Succeeded then "known" else "unknown")
                  }) ]

    testList
        "promise 20: tickets of cookie authentication"
        [ onBoth "a response for which a ticket was read is private, and no other" (fun server ->
              task {
                  use! app = start { withTickets (site skip) with Server = server }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! known = browser.Get "/"
                  Expect.equal known.Body "known" "read"
                  Expect.stringContains (known.Header "Cache-Control") "private" "private"
                  Expect.isFalse ((known.Header "Cache-Control").Contains "public") "not public"
                  Expect.stringContains (known.Header "Vary") "Cookie" "Vary"
                  let! stranger = app.NewBrowser().Get "/"
                  Expect.equal (stranger.Header "Cache-Control") "public, max-age=600" "no ticket was asked for"
              })

          onBoth "one that is read after the response has started raises" (fun server ->
              task {
                  let late (read: HttpContext -> Task) =
                      once
                      >=> respond (fun context ->
                          task {
                              do! context.Response.WriteAsync "begun,"
                              do! context.Response.Body.FlushAsync()
                              let! message = asked read context
                              do! context.Response.WriteAsync message
                          })

                  let ours (context: HttpContext) : Task =
                      let registry = context.RequestServices.GetRequiredService<SessionRegistry>()
                      let store = SessionTicketStore(registry, "tickets") :> ITicketStore
                      store.RetrieveAsync("a key", context, CancellationToken.None)

                  use! app =
                      start
                          { withTickets (
                                choose
                                    [ route "/ours" >=> late ours
                                      site (late (fun context -> context.AuthenticateAsync "Cookies")) ]
                            ) with
                              Server = server }

                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! answer = browser.Get "/ours"
                  Expect.equal answer.Body ("begun," + tooLateUser.Replace("\"web\"", "\"tickets\"")) "told so"
                  // The framework's handler refuses before it asks for the ticket.
                  let! answer = browser.Get "/late"
                  Expect.stringStarts answer.Body "begun," "begun"
                  Expect.isFalse (answer.Body.Contains "nothing was raised") "raised"
              }) ]

[<Tests>]
let tests = testList "LateSession" [ allForms; headers; before; caches; tickets ]
