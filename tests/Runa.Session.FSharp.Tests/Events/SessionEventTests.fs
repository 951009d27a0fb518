module Runa.Session.Tests.SessionEventTests

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

let private key = SessionKey.create<int> "number"

let private site: HttpHandler =
    choose
        [ route "/count" >=> withSession "web" count
          route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/bob" >=> updateSession "web" (Session.signIn "bob") >=> text "in"
          route "/again" >=> updateSession "web" Session.reauthenticate >=> text "again"
          route "/new-id" >=> updateSession "web" Session.regenerate >=> text "new id"
          route "/out" >=> updateSession "web" Session.signOut >=> text "out"
          route "/goodbye"
          >=> updateSession "web" (Session.signOut >> Session.flash notice "Goodbye")
          >=> text "out"
          route "/odd"
          >=> updateSession "web" (Session.set (SessionKey.create<string> "number") "many")
          >=> text "odd"
          route "/number" >=> readSession "web" (fun session -> text $"{Session.tryGet key session}") ]

/// What is heard while `visit` runs, without what does not repeat itself (times and handles).
let private heardWith
    (change: SessionSettings -> SessionSettings)
    (visit: App -> Task<unit>)
    : Task<SessionEvent list> =
    task {
        let heard = ConcurrentQueue<SessionEvent>()

        let listen (event: SessionEvent) (_: CancellationToken) =
            heard.Enqueue event
            ValueTask()

        let setup = SessionSetup.session "web" change >> SessionSetup.events listen
        let! app = start { host site with Setup = setup; Pipeline = errorPage }

        try
            do! visit app
        finally
            // Waits for those who listen.
            (app :> IAsyncDisposable).DisposeAsync().AsTask().GetAwaiter().GetResult()

        return List.ofSeq heard
    }

let private heard (visit: App -> Task<unit>) = heardWith id visit

let private short (event: SessionEvent) = event.Kind, event.Owner, event.Count

let private hears
    (name: string)
    (change: SessionSettings -> SessionSettings)
    visit
    (expected: (SessionEventKind * string | null * int) list)
    =
    testCaseTask name (fun () ->
        task {
            let! heard = heardWith change visit
            Expect.equal (List.map short heard) expected "the events"

            for event in heard do
                Expect.isFalse ((event.ToString()).Contains "ann") "promise 5: an event does not print its owner"
        })

let private visits (paths: string list) (app: App) : Task<unit> =
    task {
        let browser = app.NewBrowser()

        for path in paths do
            let! _ = browser.Get path
            app.Clock.Advance(TimeSpan.FromSeconds 1.)
    }

let private revoke (end': SessionRegistry -> Task<int>) (app: App) : Task<unit> =
    task {
        let browser = app.NewBrowser()
        let! _ = browser.Get "/in"
        let! _ = app.NewBrowser().Get "/in"
        let! _ = end' app.Registry
        ()
    }

let private none = CancellationToken.None

let private kinds =
    testList
        "kinds"
        [ hears
              "a visitor who comes, signs in, and signs out"
              id
              (visits [ "/count"; "/count"; "/in"; "/out" ])
              [ SessionEventKind.Created, null, 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.SignedOut, "ann", 1 ]

          hears
              "a sign-in without a session before it"
              id
              (visits [ "/in" ])
              [ SessionEventKind.Created, "ann", 1; SessionEventKind.SignedIn, "ann", 1 ]

          hears
              "another user on the same device"
              id
              (visits [ "/in"; "/bob" ])
              [ SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.SignedOut, "ann", 1
                SessionEventKind.SignedIn, "bob", 1 ]

          hears
              "authenticated again, and a new id"
              id
              (visits [ "/in"; "/again"; "/new-id" ])
              [ SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.Regenerated, "ann", 1 ]

          hears
              "signed out with a word that stays"
              id
              (visits [ "/in"; "/goodbye" ])
              [ SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.SignedOut, "ann", 1
                SessionEventKind.Created, null, 1 ]

          hears
              "a visitor who ends a session without an owner"
              id
              (visits [ "/count"; "/out" ])
              [ SessionEventKind.Created, null, 1; SessionEventKind.Ended, null, 1 ]

          hears
              "the driver cookie"
              (fun o -> { o with Driver = "cookie" })
              (visits [ "/count"; "/in"; "/out" ])
              [ SessionEventKind.Created, null, 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.SignedOut, "ann", 1 ]

          hears
              "a value that cannot be read"
              id
              (visits [ "/odd"; "/number" ])
              [ SessionEventKind.Created, null, 1; SessionEventKind.Undecodable, null, 1 ]

          hears
              "all sessions of an owner"
              id
              (revoke (SessionRegistry.revokeOwner "web" "ann" none))
              [ SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.RevokedOwner, "ann", 2 ]

          hears
              "all sessions of a name"
              id
              (revoke (SessionRegistry.revokeAll "web" none))
              [ SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.RevokedAll, null, 2 ]

          hears
              "nobody's sessions: nothing"
              id
              (fun app ->
                  task {
                      let! _ = SessionRegistry.revokeOwner "web" "ann" none app.Registry
                      ()
                  })
              []

          hears
              "max_sessions: the oldest ends"
              (fun o -> { o with MaxSessions = Some 1 })
              (fun app ->
                  task {
                      do! visits [ "/in" ] app
                      do! visits [ "/in" ] app
                  })
              [ SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.EndedByLimit, "ann", 1
                SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1 ]

          hears
              "max_sessions: a sign-in is refused"
              (fun o -> { o with MaxSessions = Some 1; WhenFull = WhenFull.Refuse })
              (fun app ->
                  task {
                      do! visits [ "/in" ] app
                      do! visits [ "/in" ] app
                  })
              [ SessionEventKind.Created, "ann", 1
                SessionEventKind.SignedIn, "ann", 1
                SessionEventKind.SignInRefused, "ann", 1 ]

          hears
              "a sweep"
              id
              (fun app ->
                  task {
                      do! visits [ "/count" ] app
                      do! visits [ "/count" ] app
                      app.Clock.Advance(TimeSpan.FromHours 3.)
                      let! _ = SessionRegistry.purgeExpired none app.Registry
                      ()
                  })
              [ SessionEventKind.Created, null, 1
                SessionEventKind.Created, null, 1
                SessionEventKind.Expired, null, 2 ] ]

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
let tests = testList "Events" [ stopping; kinds; forged; facts; conflict; hanging ]
