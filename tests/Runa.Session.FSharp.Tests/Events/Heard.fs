/// What is heard of the sessions of a small application.
module internal Runa.Session.Tests.Heard

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private key = SessionKey.create<int> "number"

let site: HttpHandler =
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
let heardWith (change: SessionSettings -> SessionSettings) (visit: App -> Task<unit>) : Task<SessionEvent list> =
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

let heard (visit: App -> Task<unit>) = heardWith id visit

let visits (paths: string list) (app: App) : Task<unit> =
    task {
        let browser = app.NewBrowser()

        for path in paths do
            let! _ = browser.Get path
            app.Clock.Advance(TimeSpan.FromSeconds 1.)
    }

let none = CancellationToken.None
