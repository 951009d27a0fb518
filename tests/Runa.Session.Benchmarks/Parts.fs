namespace Runa.Session.Benchmarks

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Primitives
open Runa.Session

/// The parts of a read, one by one, without HTTP.
module Parts =
    let private registry =
        SessionSetup.empty
        |> SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
        |> SessionRegistry.create

    let private fill =
        Session.set Apps.visits 1 >> Session.set Apps.name "Runa" >> Session.set Apps.theme "dark"

    let run () =
        let made =
            (SessionRegistry.update "web" None fill CancellationToken.None registry).GetAwaiter().GetResult()

        let header = made.Cookies.Head.Split(';')[0]
        let values = StringValues header
        let home = registry.Find "web"
        let token = header.Substring(header.IndexOf '=' + 1)
        let definition = home.Definition
        let snapshot = (home.Load values).Result
        let key = snapshot.Place.Key
        let session = snapshot.Session
        let read (session: Session) = struct (session, Session.getOr Apps.visits 0 session)
        let write (session: Session) = struct (Session.set Apps.visits 2 session, 0)
        let written = (let struct (w, _) = write session in w)
        let finished (_: 'T) = Task.CompletedTask

        let cases: (string * (unit -> Task)) list =
            [ "nothing", (fun () -> Task.CompletedTask)
              "find registered", (fun () -> finished (registry.Find "web"))
              "now", (fun () -> finished definition.Now)
              "timestamp", (fun () -> finished (Diagnostics.Stopwatch.GetTimestamp()))
              "walk",
              (fun () ->
                  (let mutable w = Runa.Session.CookieWalk(values, "__Host-runa_session") in finished (w.Next())))
              "token", (fun () -> finished (definition.Token.Read(token.AsSpan())))
              "driver load", (fun () -> finished (definition.Driver.Load key CancellationToken.None))
              "home load", (fun () -> finished (home.Load values).Result)
              "get int", (fun () -> finished (Session.getOr Apps.visits 0 session))
              "get text", (fun () -> finished (Session.getOr Apps.name "" session))
              "set int", (fun () -> finished (Session.set Apps.visits 2 session))
              "plan of a read", (fun () -> finished (Plan.make snapshot.Now None snapshot session))
              "plan of a write", (fun () -> finished (Plan.make snapshot.Now None snapshot written))
              "run a read", (fun () -> finished (Transact.run home null WhenGone.StepAgain read snapshot null).Result) ]

        for KeyValue(name, it) in Rounds.measure 25 4_000 cases do
            printfn "%-20s %8.0f ns %7.0f B" name it.Nanoseconds it.Bytes

        let starting = Func<obj, Task>(fun _ -> Task.CompletedTask)

        let stops: (string * (HttpContext -> Task)) list =
            [ "no session", (fun context -> Apps.answer context 0)
              "two headers",
              (fun context ->
                  context.Response.Headers.Vary <- StringValues "Cookie"
                  context.Response.Headers.CacheControl <- StringValues "private"
                  Task.CompletedTask)
              "two headers, read and set", (fun context -> finished (ResponseHeaders.apply context false))
              "callback",
              (fun context ->
                  context.Response.OnStarting(starting, context)
                  Task.CompletedTask)
              "has started", (fun context -> finished context.Response.HasStarted)
              "feature",
              (fun context ->
                  finished (context.Features[typeof<Microsoft.AspNetCore.OutputCaching.IOutputCacheFeature>]))
              "look",
              (fun context ->
                  (RequestSessions.Of context).Look "web"
                  Task.CompletedTask)
              "of", (fun context -> finished (RequestSessions.Of context))
              "veto", (fun context -> finished (ResponseHeaders.veto context))
              "too late", (fun context -> finished ((RequestSessions.Of context).IsTooLate))
              "scope", (fun context -> finished (context.GetSessionScope "web"))
              "scope, loaded", (fun context -> (context.GetSessionScope "web").Prefetch().AsTask())
              "scope, looked at",
              (fun context -> finished ((context.GetSessionScope "web").Load CancellationToken.None).Result)
              "scope, stepped",
              (fun context ->
                  finished
                      ((context.GetSessionScope "web").Step(WhenGone.StepAgain, read, CancellationToken.None)).Result) ]

        let pipelines =
            [ "bare", Apps.bare ()
              "registered", Apps.Middleware.registered ()
              "untouched", Apps.Middleware.untouched ()
              for name, stop in stops do
                  name, Apps.Runa.partly stop ]

        for KeyValue(name, it) in
            Rounds.measure 25 4_000 [ for name, app in pipelines -> name, (fun () -> app.Request()) ] do
            printfn "%-20s %8.0f ns %7.0f B" name it.Nanoseconds it.Bytes

        let load () = (home.Load values).Result

        let more: (string * (unit -> Task)) list =
            [ "load and run a write",
              (fun () -> finished (Transact.run home null WhenGone.StepAgain write (load ()) null).Result)
              "load and run a read",
              (fun () -> finished (Transact.run home null WhenGone.StepAgain read (load ()) null).Result) ]

        for KeyValue(name, it) in Rounds.measure 25 4_000 more do
            printfn "%-20s %8.0f ns %7.0f B" name it.Nanoseconds it.Bytes
