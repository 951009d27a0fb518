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
open Runa.Session.Tests.Lateness

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

[<Tests>]
let tests = testList "LateSession" [ headers; before ]
