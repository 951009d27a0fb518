/// Counting the sessions of an application.
module internal Runa.Session.Conformance.CountedSessionsTests

open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

let tests (under: DriverUnderTest) : Test =
    let test name = Bench.test under [ Need.Count ] name

    testList
        "counted sessions"
        [ test "an application's count follows sign-ins, changes of ids and logouts"
          <| fun bench ->
              task {
                  let site = bench.Own(start bench)
                  let browser, other = Browser(), Browser()

                  let counts what (sessions: int64) (signedIn: int64) =
                      task {
                          let! found = SessionRegistry.count "web" CancellationToken.None site.Registry
                          found |> Expect.equal what { Sessions = sessions; SignedIn = signedIn }
                      }

                  do! counts "nothing yet" 0L 0L

                  for browser in [ browser; other ] do
                      let! _ = site.Step browser (Session.set visits 1)
                      ()

                  do! counts "two visitors" 2L 0L

                  let acts: (string * (Session -> Session) * int64 * int64) list =
                      [ "a change", increment, 2L, 0L
                        "a new id", Session.regenerate, 2L, 0L
                        "a sign-in", Session.signIn "alice", 2L, 1L
                        "a new id of alice", Session.regenerate, 2L, 1L
                        "a logout", Session.signOut, 1L, 0L ]

                  for what, step, sessions, signedIn in acts do
                      let! _ = site.Step browser step
                      do! counts what sessions signedIn

                  let! _ = site.Step other Session.destroy
                  do! counts "destroyed" 0L 0L
              } ]
