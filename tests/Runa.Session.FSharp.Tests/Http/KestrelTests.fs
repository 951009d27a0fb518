module Runa.Session.Tests.KestrelTests

open System
open System.Net.Sockets
open System.Text
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.RawRequests
open Runa.Session.Tests.Handlers

let private site =
    choose
        [ route "/show" >=> readSession "web" shown
          route "/json" >=> readSession "web" (Session.toJson >> text)
          route "/count" >=> withSession "web" count
          route "/left" >=> useSession "web" >=> leave "web" >=> text "left" ]

let private kestrel (handler: HttpHandler) = { host handler with Server = Server.Kestrel }

/// Of the requests of one application only: tests run side by side.
let private raisedIn = AsyncLocal<ResizeArray<exn> | null>()

let private rawCookies =
    testCaseTask "promise 6: cookies of any bytes are ignored, with no exception inside and no store call" (fun () ->
        task {
            let clock = clock ()
            let driver = TestDriver.Counting(memory clock)
            let raised = ResizeArray<exn>()

            let watch (app: IApplicationBuilder) =
                app.Use(fun (context: HttpContext) (next: RequestDelegate) ->
                    raisedIn.Value <- raised
                    next.Invoke context)
                |> ignore

            let note =
                EventHandler<Runtime.ExceptionServices.FirstChanceExceptionEventArgs>(fun _ args ->
                    match raisedIn.Value with
                    | null -> ()
                    | raised -> lock raised (fun () -> raised.Add args.Exception))

            use! app =
                start
                    { kestrel (choose [ site; route "/raise" >=> raising (InvalidOperationException "seen") ]) with
                        Clock = clock
                        Pipeline = watch
                        // By default Kestrel itself refuses what is not UTF-8.
                        Services =
                            fun services ->
                                services.Configure<KestrelServerOptions>(fun (options: KestrelServerOptions) ->
                                    options.RequestHeaderEncodingSelector <- fun _ -> Encoding.Latin1)
                                |> ignore
                        Setup = SessionSetup.driver "memory" driver.Driver }

            let browser = app.NewBrowser()
            let! _ = browser.Get "/count"
            let token = browser.Cookies["__Host-runa_session"]
            driver.Forget()
            let name = "__Host-runa_session"
            let ascii (text: string) = Encoding.ASCII.GetBytes text
            let forged (at: int) = token.Remove(at, 1).Insert(at, (if token[at] = 'A' then "B" else "A"))
            let pair value = ascii $"{name}={value}"
            let many value count = String.Join("; ", List.replicate count $"{name}={value}")

            let ignored: (string * byte[] list) list =
                [ "bytes that are not UTF-8", [ Array.append (pair "") [| 0xFFuy; 0xFEuy; 0xC3uy; 0x28uy |] ]
                  "68 bytes that are not UTF-8", [ Array.append (pair "") (Array.create 68 0xE9uy) ]
                  "68 characters beyond ASCII", [ Array.append (pair "") (Encoding.UTF8.GetBytes(String('é', 68))) ]
                  "nothing", [ pair "" ]
                  "oversized", [ pair (String('A', 20_000)) ]
                  "many", [ ascii (many "x" 600) ]
                  "many lines", List.replicate 90 (pair "x")
                  "quoted", [ pair $"\"{token}\"" ]
                  "percent-encoded", [ pair (token.Replace(token[..0], $"%%{int token[0]:X2}")) ]
                  "truncated", [ pair token[..66] ]
                  "lengthened", [ pair (token + "A") ]
                  "padded", [ pair (token + "=") ]
                  "another case of the name", [ ascii $"{name.ToUpperInvariant()}={token}" ]
                  "another session's name", [ ascii $"__Host-runa_admin_session={token}" ]
                  "the fifth candidate", [ ascii $"{many (forged 60) 4}; {name}={token}" ]
                  for at in [ 0; 1; 4; 30; 47; 60; 67 ] do
                      $"forged at {at}", [ pair (forged at) ]
                  "only separators", [ ascii ";;;===;;" ]
                  "a control character", [ pair ("\t" + token[1..]) ] ]

            AppDomain.CurrentDomain.FirstChanceException.AddHandler note

            try
                for what, cookies in ignored do
                    let! answer = exchange app.Address (rawRequest "/show" cookies)

                    Expect.stringStarts answer "HTTP/1.1 200" $"{what}: answered"
                    Expect.stringContains answer "\r\n\r\n" $"{what}: whole"
                    Expect.isFalse (answer.Contains "Set-Cookie") $"{what}: no cookie is taken away"
                    Expect.equal driver.Calls [] $"{what}: no store call"
                    Expect.isEmpty
                        (lock raised (fun () -> raised |> Seq.map string |> List.ofSeq))
                        $"{what}: no exception"

                let! found =
                    exchange app.Address (rawRequest "/show" [ ascii $"a=1; {many (forged 60) 3}; {name}={token}" ])
                Expect.equal driver.Calls [ StoreOperation.Load ] "the fourth candidate is read"
                Expect.stringContains found "\r\n1\r\n" "and found"
                let! _ = exchange app.Address (rawRequest "/raise" [])
                Expect.isNonEmpty raised "an exception would have been seen"
            finally
                AppDomain.CurrentDomain.FirstChanceException.RemoveHandler note
        })

let private hangUp =
    testList
        "a client that hangs up"
        [ for path, operation in
              [ "/count", StoreOperation.Replace
                "/left", StoreOperation.Replace
                "/regenerate", StoreOperation.Create ] do
              testCaseTask $"promise 15: after its step ran, still gets its session committed: {path}" (fun () ->
                  task {
                      let clock = clock ()
                      let driver = TestDriver.Counting(memory clock)
                      let aborted = TaskCompletionSource()
                      let ended = TaskCompletionSource()

                      let watched (inner: HttpHandler) : HttpHandler =
                          fun next context ->
                              task {
                                  context.RequestAborted.Register(fun () -> aborted.TrySetResult() |> ignore) |> ignore
                                  let isSlow = context.Request.Headers.ContainsKey "X-Slow"

                                  try
                                      return! inner next context
                                  finally
                                      if isSlow then
                                          ended.TrySetResult() |> ignore
                              }

                      let moved =
                          route "/regenerate"
                          >=> updateSession "web" (count >> fst >> Session.withLabel "kept" >> Session.regenerate)
                          >=> text "moved"

                      use! app =
                          start
                              { kestrel (watched (choose [ moved; site ])) with
                                  Clock = clock
                                  Setup = SessionSetup.driver "memory" driver.Driver }

                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/count"
                      let gate = TaskCompletionSource()
                      let entered = TaskCompletionSource()

                      driver.Behave <-
                          fun called ->
                              if called = operation then
                                  entered.TrySetResult() |> ignore
                                  Behaviour.Wait gate.Task
                              else
                                  Behaviour.Pass

                      let token = browser.Cookies["__Host-runa_session"]
                      let client = new TcpClient()
                      do! client.ConnectAsync(app.Address.Host, app.Address.Port)

                      let request =
                          $"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Slow: 1\r\nCookie: __Host-runa_session={token}\r\n\r\n"

                      do! client.GetStream().WriteAsync(ReadOnlyMemory(Encoding.ASCII.GetBytes request))
                      do! entered.Task
                      client.LingerState <- LingerOption(true, 0)
                      client.Close()
                      do! aborted.Task
                      gate.SetResult()
                      do! ended.Task
                      driver.Behave <- fun _ -> Behaviour.Pass
                      let! show = browser.Get "/show"

                      if path = "/regenerate" then
                          // The old token meets the tombstone; the new session stands, with nobody to hold its token.
                          Expect.equal show.Body "0" "the id has changed"
                          Expect.equal (driver.Count StoreOperation.Replace) 1 "the tombstone was written"
                      else
                          Expect.equal show.Body "2" "stored"
                  }) ]

let private concurrent =
    testList
        "many at once"
        [ testCaseTask "promise 12: 1,000 parallel increments of one session add 1,000" (fun () ->
              task {
                  use! app = start (kestrel site)
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/count"
                  let! answers = Task.WhenAll [ for _ in 1..1000 -> browser.Copy().Get "/count" ]
                  let counts = answers |> Array.map (fun answer -> answer.Status, answer.Body)
                  let expected = [| for n in 2..1001 -> 200, string n |]
                  Expect.equal (Array.sort counts) (Array.sort expected) "each one saw its own count"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "1001" "and all are stored"
              })

          testCaseTask "promise 12: parallel changes of different keys by run-once handlers all survive" (fun () ->
              task {
                  let keyOf (context: HttpContext) =
                      SessionKey.create<int>("k" + context.Request.Query["k"].ToString())

                  let site =
                      choose
                          [ route "/task"
                            >=> withSessionTask "web" (fun context session ->
                                task {
                                    do! Task.Yield()
                                    return Session.set (keyOf context) 1 session, text "set"
                                })
                            route "/use"
                            >=> useSession "web"
                            >=> fun next context ->
                                task {
                                    do! Task.Yield()
                                    context.SetSession(context.GetSession "web" |> Session.set (keyOf context) 1)
                                    return! text "set" next context
                                }
                            route "/keys" >=> readSession "web" (Session.keys >> List.length >> string >> text)
                            site ]

                  use! app = start (kestrel site)
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/count"

                  let! answers =
                      Task.WhenAll
                          [ for k in 1..100 do
                                browser.Copy().Get $"/task?k={k}"
                                browser.Copy().Get $"/use?k={100 + k}" ]

                  Expect.all answers (fun answer -> answer.Status = 200) "all saved"
                  let! keys = browser.Get "/keys"
                  Expect.equal keys.Body "201" "200, and the visits"
              }) ]

[<Tests>]
let tests = testList "Kestrel" [ rawCookies; hangUp; concurrent ]
