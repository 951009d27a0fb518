module Runa.Session.Tests.CommittingStreamTests

open System
open System.Collections.Concurrent
open System.IO
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.PlainFlavour
open Runa.Session.TestSupport.Scenarios.BodyWays

/// Records in `events` when something of the response reaches the server.
let private recording (events: ConcurrentQueue<string>) (app: IApplicationBuilder) =
    app.Use(fun (context: HttpContext) (next: RequestDelegate) ->
        let body =
            match context.Features.Get<IHttpResponseBodyFeature>() with
            | null -> failwith "no body"
            | body -> body

        let stream =
            { new MemoryStream() with
                override _.Write(buffer: byte[], offset: int, count: int) =
                    events.Enqueue "byte"
                    body.Stream.Write(buffer, offset, count)

                override _.WriteAsync(buffer: byte[], offset: int, count: int, token) =
                    events.Enqueue "byte"
                    body.Stream.WriteAsync(buffer, offset, count, token)

                override _.WriteAsync(buffer: ReadOnlyMemory<byte>, token) =
                    events.Enqueue "byte"
                    body.Stream.WriteAsync(buffer, token)

                override _.FlushAsync token = body.Stream.FlushAsync token }

        context.Response.OnStarting(fun () ->
            events.Enqueue "start"
            Task.CompletedTask)

        context.Response.Body <- stream
        next.Invoke context)
    |> ignore

let private order =
    testCaseTask "promise 13: the store has answered before the response starts, in every way of writing" (fun () ->
        task {
            let clock = clock ()
            let events = ConcurrentQueue<string>()

            let around =
                { new IAround with
                    member _.Call operation _ (call: unit -> ValueTask<'T>) =
                        ValueTask<'T>(
                            task {
                                let! answer = call ()

                                if operation.IsWrite then
                                    // A response that does not wait would get ahead here.
                                    do! Task.Yield()
                                    events.Enqueue "stored"

                                return answer
                            }
                        ) }

            let h =
                { host (handler plain) with
                    Clock = clock
                    Setup = SessionSetup.driver "memory" (DriverAround.wrap around (memory clock))
                    Pipeline = recording events }

            use! app = start h

            do!
                each (fun name verb path _ _ ->
                    task {
                        events.Clear()
                        let! _ = app.NewBrowser().Send(verb, path)
                        Expect.equal (Seq.head events) "stored" $"{name}: first"
                        Expect.equal (Seq.length (Seq.filter ((=) "stored") events)) 1 $"{name}: once"
                        Expect.contains events "start" $"{name}: then the response"
                    })
        })

let private streams =
    testList
        "a stream taken before the change"
        [ onBoth "promise 13: is committed before its first byte too" (fun server ->
              task {
                  let write: HttpHandler =
                      fun _ context ->
                          task {
                              let body = context.Response.Body
                              context.SetSession(context.GetSession "web" |> Session.set visits 7)
                              do! body.WriteAsync(hello, 0, 5)
                              return Some context
                          }

                  use! app =
                      start
                          { host (choose [ route "/shown" >=> readSession "web" shown; useSession "web" >=> write ]) with
                              Server = server }

                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/"
                  Expect.equal answer.Body "hello" "the body"
                  let! shown = browser.Get "/shown"
                  Expect.equal shown.Body "7" "stored, with its cookie"
              })

          onBoth "promise 14: never says 200 when the store fails" (fun server ->
              task {
                  let clock = clock ()
                  let driver = TestDriver.Failing(memory clock, [ StoreOperation.Create ])

                  let write: HttpHandler =
                      fun _ context ->
                          task {
                              let body = context.Response.Body
                              context.SetSession(context.GetSession "web" |> Session.set visits 7)
                              do! body.WriteAsync(hello, 0, 5)
                              return Some context
                          }

                  use! app =
                      start
                          { host (useSession "web" >=> write) with
                              Server = server
                              Clock = clock
                              Setup = SessionSetup.driver "memory" driver.Driver }

                  let mutable seen = ""

                  try
                      let! answer = app.NewBrowser().Get "/"
                      seen <- $"{answer.Status} {answer.Body} {answer.SetCookies}"
                  with _ ->
                      seen <- "aborted"

                  Expect.isFalse (seen.Contains "200" || seen.Contains "hello") $"an error, not: {seen}"
              }) ]

[<Tests>]
let tests = testList "CommittingStream" [ order; streams ]
