module Runa.Session.Tests.ProtocolTests

open System
open System.Net
open System.Net.Http
open System.Net.WebSockets
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Server.Kestrel.Core
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
let private site =
    choose
        [ route "/show" >=> readSession "web" shown
          route "/json" >=> readSession "web" (Session.toJson >> text)
          route "/count" >=> withSession "web" count
          route "/left" >=> useSession "web" >=> leave "web" >=> text "left" ]

let private kestrel (handler: HttpHandler) = { host handler with Server = Server.Kestrel }

let private http2 =
    testCaseTask "promise 13, 20: over HTTP/2" (fun () ->
        task {
            use! app = start { kestrel site with Protocols = HttpProtocols.Http2 }
            let browser = app.NewBrowser()

            let get (path: string) =
                browser.SendRaw(
                    new HttpRequestMessage(
                        HttpMethod.Get,
                        Uri(path, UriKind.Relative),
                        Version = HttpVersion.Version20,
                        VersionPolicy = HttpVersionPolicy.RequestVersionExact
                    )
                )

            let! first = get "/count"
            let! left = get "/left"
            let! show = get "/show"
            Expect.equal first.Version HttpVersion.Version20 "HTTP/2"
            Expect.equal (List.length first.SetCookies, left.SetCookies) (1, []) "one cookie"
            Expect.equal show.Body "2" "both stored"
            Expect.stringContains (show.Header "Vary") "Cookie" "and private"
        })

let private socket =
    let talk (change: HttpContext -> Task) : HttpHandler =
        respond (fun context ->
            task {
                use! socket = context.WebSockets.AcceptWebSocketAsync()
                do! change context
                do! socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", CancellationToken.None)
            })

    let nothing (_: HttpContext) = Task.CompletedTask

    let more (context: HttpContext) : Task =
        context.SetSession(context.GetSession "web" |> Session.update visits 0 ((+) 10))
        context.CommitSessionAsync "web"

    let site =
        choose
            [ route "/step" >=> withSession "web" (fun session -> fst (count session), talk nothing)
              route "/left" >=> useSession "web" >=> leave "web" >=> talk more
              site ]

    let connect (app: App) (path: string) =
        task {
            use client = new ClientWebSocket()
            client.Options.CollectHttpResponseDetails <- true
            do! client.ConnectAsync(UriBuilder(Uri(app.Address, path), Scheme = "ws").Uri, CancellationToken.None)
            let! _ = client.ReceiveAsync(ArraySegment(Array.zeroCreate<byte> 16), CancellationToken.None)

            return
                [ match client.HttpResponseHeaders with
                  | null -> ()
                  | headers ->
                      for KeyValue(name, values) in headers do
                          if name = "Set-Cookie" then
                              yield! values ]
        }

    let started (driver: TestDriver) (clock: Microsoft.Extensions.Time.Testing.FakeTimeProvider) =
        start
            { kestrel site with
                Clock = clock
                Pipeline = fun app -> app.UseWebSockets() |> ignore
                Setup = SessionSetup.driver "memory" driver.Driver }

    testList
        "a WebSocket upgrade"
        [ for path, expected in [ "/step", "1"; "/left", "11" ] do
              testCaseTask $"promise 13, 20: carries the cookie of what was stored before it: {path}" (fun () ->
                  task {
                      let clock = clock ()
                      use! app = started (TestDriver.Counting(memory clock)) clock
                      let! cookies = connect app path
                      Expect.equal (List.length cookies) 1 "in the 101"
                      let browser = app.NewBrowser()
                      let pair = cookies.Head.Split(';')[0]
                      browser.SetCookie(pair.Substring(0, pair.IndexOf '='), pair.Substring(pair.IndexOf '=' + 1))
                      let! show = browser.Get "/show"
                      Expect.equal show.Body expected "and what was committed in the socket"
                  })

          for path in [ "/step"; "/left" ] do
              testCaseTask $"promise 14: does not happen when the store fails: {path}" (fun () ->
                  task {
                      let clock = clock ()
                      use! app = started (TestDriver.Failing(memory clock, [ StoreOperation.Create ])) clock
                      let mutable isRefused = false

                      try
                          let! _ = connect app path
                          ()
                      with :? WebSocketException ->
                          isRefused <- true

                      Expect.isTrue isRefused "no socket"
                  }) ]

[<Tests>]
let tests = testList "Protocols" [ http2; socket ]
