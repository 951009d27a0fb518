/// Who hears events, how often, and until when.
module Runa.Session.Tests.ListeningTests

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Expecto
open Runa
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Heard

let private forged =
    testCaseTask "tokens that nobody signed are told once a second, with their number" (fun () ->
        task {
            let! heard =
                heard (fun app ->
                    task {
                        let browser = app.NewBrowser()
                        let! _ = browser.Get "/count"
                        let name, token = Seq.head (Map.toSeq browser.Cookies)
                        let other = (if token[20] = 'A' then "B" else "A")

                        for _ in 1..50 do
                            let thief = app.NewBrowser()
                            thief.SetCookie(name, token.Remove(20, 1).Insert(20, other))
                            let! _ = thief.Get "/number"
                            ()
                    })

            match heard with
            | first :: forged ->
                Expect.equal first.Kind SessionEventKind.Created "the session"
                Expect.isNonEmpty forged "told"
                Expect.all
                    forged
                    (fun (event: SessionEvent) -> event.Kind = SessionEventKind.ForgedToken)
                    "nothing else"
                Expect.isLessThan forged.Length 50 "not each of them"
            | [] -> failtest "nothing"
        })

let private facts =
    testCaseTask "an event says when, where, and by which handle" (fun () ->
        task {
            let mutable handle = None

            let! heard =
                heard (fun app ->
                    task {
                        let browser = app.NewBrowser()
                        let! _ = browser.Get "/in"
                        let! owned = SessionRegistry.forOwner "web" "ann" none app.Registry
                        handle <- Some owned.Head.Handle
                        let! _ = SessionRegistry.revoke "web" "ann" owned.Head.Handle none app.Registry
                        ()
                    })

            Expect.equal
                (heard |> List.map (fun (event: SessionEvent) -> event.Kind))
                [ SessionEventKind.Created; SessionEventKind.SignedIn; SessionEventKind.RevokedOne ]
                "the events"

            for event: SessionEvent in heard do
                Expect.equal event.Session "web" "session"
                Expect.equal event.Driver "memory" "driver"
                Expect.equal (Option.ofObj event.Handle) handle "handle"
                Expect.equal event.Time.Year 2030 "the time of the clock"
        })

let private conflict =
    testCaseTask "a sign-in that loses against a revocation is told" (fun () ->
        task {
            let events = ConcurrentQueue<SessionEvent>()

            let listen (event: SessionEvent) (_: CancellationToken) =
                events.Enqueue event
                ValueTask()

            let revoking: HttpHandler =
                fun next ctx ->
                    task {
                        let! _ = ctx.LoadSessionAsync "web"
                        let registry = ctx.RequestServices.GetRequiredService<SessionRegistry>()
                        let! _ = SessionRegistry.revokeOwner "web" "ann" none registry
                        return! (updateSession "web" (Session.signIn "ann") >=> text "in") next ctx
                    }

            let! app = start { host revoking with Setup = SessionSetup.events listen; Pipeline = errorPage }
            let! answer = app.NewBrowser().Get "/"
            Expect.stringContains answer.Body "was not signed in: all sessions of its owner were ended" "refused"
            do! (app :> IAsyncDisposable).DisposeAsync()
            Expect.equal
                (events |> Seq.map (fun (event: SessionEvent) -> event.Kind) |> List.ofSeq)
                [ SessionEventKind.ConflictGivenUp ]
                "told"
        })

/// A service that is slow, and of no use once it is disposed.
[<Sealed>]
type private Disposable(heard: ConcurrentQueue<SessionEventKind>) =
    let mutable isDisposed = false

    interface Runa.ISessionEvents with
        member _.OnSessionEventAsync(event, _) =
            ValueTask(
                task {
                    do! Task.Delay 100
                    ObjectDisposedException.ThrowIf(isDisposed, typeof<Disposable>)
                    heard.Enqueue event.Kind
                }
            )

    interface IDisposable with
        member _.Dispose() = isDisposed <- true

let private stopping =
    testCaseTask "a service that listens hears all events before it is disposed" (fun () ->
        task {
            let heard = ConcurrentQueue<SessionEventKind>()

            let listening (services: IServiceCollection) =
                services.AddSingleton<Runa.ISessionEvents>(fun (_: IServiceProvider) ->
                    new Disposable(heard) :> Runa.ISessionEvents)
                |> ignore

            let! app = start { host site with Services = listening }
            let browser = app.NewBrowser()
            let! _ = browser.Get "/in"
            let! _ = browser.Get "/out"
            do! app.Services.GetRequiredService<IHost>().StopAsync()
            do! (app :> IAsyncDisposable).DisposeAsync()

            Expect.equal
                (List.ofSeq heard)
                [ SessionEventKind.Created; SessionEventKind.SignedIn; SessionEventKind.SignedOut ]
                "all"
        })

let private hanging =
    testCaseTask "who never answers keeps nothing from the others" (fun () ->
        task {
            let heard = ConcurrentQueue<SessionEventKind>()

            let hang (_: SessionEvent) (token: CancellationToken) = ValueTask(Task.Delay(Timeout.Infinite, token))

            let listen (event: SessionEvent) (_: CancellationToken) =
                heard.Enqueue event.Kind
                ValueTask()

            let setup = SessionSetup.events hang >> SessionSetup.events listen
            let! app = start { host site with Setup = setup }
            do! visits [ "/count"; "/in"; "/out" ] app
            do! (app :> IAsyncDisposable).DisposeAsync()

            Expect.equal
                (List.ofSeq heard)
                [ SessionEventKind.Created; SessionEventKind.SignedIn; SessionEventKind.SignedOut ]
                "all of them"
        })

[<Tests>]
let tests = testList "Events" [ stopping; forged; facts; conflict; hanging ]
