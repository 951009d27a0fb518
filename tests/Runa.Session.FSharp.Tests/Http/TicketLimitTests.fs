/// Tickets of cookie authentication, and how many of them a user may have.
module Runa.Session.Tests.TicketLimitTests

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.CookieTickets

let private limited (change: SessionSettings -> SessionSettings) (listen: SessionEvent -> unit) =
    let listening =
        SessionSetup.events (fun event _ ->
            listen event
            ValueTask())

    start
        { tickets (host site) with
            Setup = SessionSetup.session "tickets" (fun o -> change { o with MaxSessions = Some 1 }) >> listening
            Pipeline = errorPage }

let private owned (app: App) (owner: string) =
    SessionRegistry.forOwner "tickets" owner CancellationToken.None app.Registry

/// Two devices, of ann and of bob. Then bob signs in on the device of ann, whose ticket he takes over.
let private takeOver (app: App) =
    task {
        let first, second = app.NewBrowser(), app.NewBrowser()
        let! _ = first.Get "/bob"
        app.Clock.Advance(TimeSpan.FromSeconds 1.)
        let! _ = second.Get "/in"
        app.Clock.Advance(TimeSpan.FromSeconds 1.)
        let! answer = second.Get "/bob"
        return struct (first, second, answer)
    }

[<Tests>]
let tests =
    testList
        "TicketLimit"
        [ testCaseTask "a user who takes over another's ticket is held to the limit: the oldest ends" (fun () ->
              task {
                  use! app = limited id ignore
                  let! struct (first, second, answer) = takeOver app
                  Expect.equal answer.Status 200 "signed in"
                  let! me = second.Get "/me"
                  Expect.equal me.Body "bob" "the new one"
                  let! old = first.Get "/me"
                  Expect.equal old.Body "nobody" "the oldest"
                  let! bobs = owned app "bob"
                  Expect.hasLength bobs 1 "the limit"
              })

          testCaseTask "or refused, and then the ticket stays whose it was" (fun () ->
              task {
                  let heard = ConcurrentQueue<SessionEventKind>()
                  use! app =
                      limited (fun o -> { o with WhenFull = WhenFull.Refuse }) (fun event -> heard.Enqueue event.Kind)
                  let! struct (first, second, answer) = takeOver app
                  Expect.stringStarts answer.Body "error page: SessionLimitException" "refused"
                  let! me = second.Get "/me"
                  Expect.equal me.Body "Ann Lee" "as before"
                  let! old = first.Get "/me"
                  Expect.equal old.Body "bob" "as before"
                  do! (app :> IAsyncDisposable).DisposeAsync()
                  Expect.equal (Seq.last heard) SessionEventKind.SignInRefused "told"
              })

          testCaseTask "both the end and the sign-in are told" (fun () ->
              task {
                  let heard = ConcurrentQueue<SessionEventKind * string | null>()
                  let! app = limited id (fun event -> heard.Enqueue(event.Kind, event.Owner))
                  let! _ = takeOver app
                  do! (app :> IAsyncDisposable).DisposeAsync()

                  Expect.equal
                      (heard |> Seq.skip 4 |> List.ofSeq)
                      [ SessionEventKind.EndedByLimit, "bob"
                        SessionEventKind.SignedOut, "ann"
                        SessionEventKind.SignedIn, "bob" ]
                      "the events"
              }) ]
