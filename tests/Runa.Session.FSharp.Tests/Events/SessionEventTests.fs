/// What is told of each thing that happens to a session.
module Runa.Session.Tests.SessionEventTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Heard

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

let private revoke (end': SessionRegistry -> Task<int>) (app: App) : Task<unit> =
    task {
        let browser = app.NewBrowser()
        let! _ = browser.Get "/in"
        let! _ = app.NewBrowser().Get "/in"
        let! _ = end' app.Registry
        ()
    }

/// Ann signs in without a session before it.
let private annComes: (SessionEventKind * string | null * int) list =
    [ SessionEventKind.Created, "ann", 1; SessionEventKind.SignedIn, "ann", 1 ]

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
              (annComes @ [ SessionEventKind.SignedOut, "ann", 1; SessionEventKind.SignedIn, "bob", 1 ])

          hears
              "authenticated again, and a new id"
              id
              (visits [ "/in"; "/again"; "/new-id" ])
              (annComes @ [ SessionEventKind.SignedIn, "ann", 1; SessionEventKind.Regenerated, "ann", 1 ])

          hears
              "signed out with a word that stays"
              id
              (visits [ "/in"; "/goodbye" ])
              (annComes @ [ SessionEventKind.SignedOut, "ann", 1; SessionEventKind.Created, null, 1 ])

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
              "values that cannot be read, within a second: the rest is told in the end"
              id
              (visits [ "/odd"; "/number"; "/number"; "/number" ])
              [ SessionEventKind.Created, null, 1
                SessionEventKind.Undecodable, null, 1
                SessionEventKind.Undecodable, null, 2 ]

          hears
              "all sessions of an owner"
              id
              (revoke (SessionRegistry.revokeOwner "web" "ann" none))
              (annComes @ annComes @ [ SessionEventKind.RevokedOwner, "ann", 2 ])

          hears
              "all sessions of a name"
              id
              (revoke (SessionRegistry.revokeAll "web" none))
              (annComes @ annComes @ [ SessionEventKind.RevokedAll, null, 2 ])

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
              (annComes @ [ SessionEventKind.EndedByLimit, "ann", 1 ] @ annComes)

          hears
              "max_sessions: a sign-in is refused"
              (fun o -> { o with MaxSessions = Some 1; WhenFull = WhenFull.Refuse })
              (fun app ->
                  task {
                      do! visits [ "/in" ] app
                      do! visits [ "/in" ] app
                  })
              (annComes @ [ SessionEventKind.SignInRefused, "ann", 1 ])

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

[<Tests>]
let tests = testList "Events" [ kinds ]
