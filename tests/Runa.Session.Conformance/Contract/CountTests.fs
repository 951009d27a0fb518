/// Counting the sessions of a scope.
module internal Runa.Session.Conformance.CountTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists

let private count (bench: Bench) (scope: string) : Task<SessionCount> =
    match bench.Driver.Count with
    | ValueSome count -> (count scope CancellationToken.None).AsTask()
    | ValueNone -> failtest "the driver cannot count"

let private counts (bench: Bench) (what: string) (scope: string) (sessions: int64) (signedIn: int64) : Task<unit> =
    task {
        let! found = count bench scope
        found |> Expect.equal what { Sessions = sessions; SignedIn = signedIn }
    }

let tests (under: DriverUnderTest) : Test =
    let test name = Bench.test under [ Need.Count ] name

    testList
        "counting"
        [ test "live sessions of the scope are counted, and nothing else"
          <| fun bench ->
              task {
                  let scope, other = newScope (), newScope ()
                  do! counts bench "nothing yet" scope 0L 0L
                  let! _ = Ask.store bench.Driver (live scope bench.Now)
                  let! alice = Ask.store bench.Driver (owned scope "alice" bench)
                  let! _ = Ask.store bench.Driver (owned scope "bob" bench)
                  let! _ = Ask.store bench.Driver (live other bench.Now)
                  let! _ = Ask.store bench.Driver (owned scope "carol" bench |> tombstone (newKey ()))
                  do! counts bench "a visitor and two who are signed in" scope 3L 2L
                  do! counts bench "of the other scope" other 1L 0L
                  let! _ = bench.Driver.Load alice CancellationToken.None
                  do! counts bench "a load changes nothing" scope 3L 2L
                  let! _ = bench.Driver.Delete alice CancellationToken.None
                  do! counts bench "one was deleted" scope 2L 1L
              }

          test "a session that has ended by the driver's clock is not counted"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let! _ = Ask.store bench.Driver (live scope bench.Now |> until (bench.Now + TimeSpan.FromMinutes 10.))
                  let! idle =
                      Ask.store bench.Driver (live scope bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 5.))
                  do! counts bench "both" scope 2L 0L
                  bench.Clock.Advance(TimeSpan.FromMinutes 6.)
                  do! counts bench "one has been idle" scope 1L 0L
                  let! _ = Ask.touch bench.Driver idle (bench.Now + TimeSpan.FromMinutes 30.)
                  do! counts bench "a touch came too late" scope 1L 0L
                  bench.Clock.Advance(TimeSpan.FromMinutes 5.)
                  do! counts bench "the other has ended" scope 0L 0L
              }

          test "promise 7: a session that is touched in time stays counted, until its new idle end"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let! idle =
                      Ask.store
                          bench.Driver
                          (owned scope "alice" bench |> withIdle (bench.Now + TimeSpan.FromMinutes 5.))
                  bench.Clock.Advance(TimeSpan.FromMinutes 4.)
                  let! isTouched = Ask.touch bench.Driver idle (bench.Now + TimeSpan.FromMinutes 5.)
                  isTouched |> Expect.isTrue "touched"
                  do! counts bench "touched" scope 1L 1L
                  bench.Clock.Advance(TimeSpan.FromMinutes 4.)
                  do! counts bench "past its first idle end" scope 1L 1L
                  bench.Clock.Advance(TimeSpan.FromMinutes 1.)
                  do! counts bench "past its new one" scope 0L 0L
              }

          test "a replace and a change of ids leave the count as it is"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let visitor, alice = live scope bench.Now, owned scope "alice" bench
                  let! first = Ask.store bench.Driver visitor
                  let! second = Ask.store bench.Driver alice
                  let! result = Ask.replace bench.Driver first visitor.Version (again visitor |> withValue "visits" "2")
                  result |> Ask.isReplaced "the visitor's"
                  let! result = Ask.replace bench.Driver second alice.Version (again alice |> withValue "visits" "2")
                  result |> Ask.isReplaced "alice's"
                  do! counts bench "replaced" scope 2L 1L

                  let! found = Ask.load bench.Driver second
                  let! successor = Ask.store bench.Driver (again found.Value)
                  let! result = Ask.replace bench.Driver second found.Value.Version (tombstone successor found.Value)
                  result |> Ask.isReplaced "the tombstone"
                  do! counts bench "moved to a new id" scope 2L 1L
              }

          Bench.test under [ Need.Count; Need.Beside ] "promise 28: each node counts by its own clock"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let! ahead = bench.OpenBeside(TimeSpan.FromMinutes 4.)
                  let! _ = Ask.store bench.Driver (live scope bench.Now |> until (bench.Now + TimeSpan.FromMinutes 5.))
                  bench.Pass(TimeSpan.FromMinutes 2.)
                  do! counts bench "alive here" scope 1L 0L
                  let! there = ahead.Driver.Count.Value scope CancellationToken.None
                  there |> Expect.equal "ended there" { Sessions = 0L; SignedIn = 0L }
              }

          test "hundreds are counted, each once, until all are ended"
          <| fun bench ->
              task {
                  let scope = newScope ()

                  do!
                      Crowd.run 250 (fun index ->
                          task {
                              let record =
                                  if index % 5 = 0 then owned scope $"o{index}" bench else live scope bench.Now
                              let! _ = Ask.store bench.Driver record
                              return ()
                          })

                  do! counts bench "all" scope 250L 50L

                  match bench.Driver.Owners with
                  | ValueSome owners ->
                      let! _ = owners.DeleteAll scope CancellationToken.None
                      do! counts bench "none is left" scope 0L 0L
                  | ValueNone -> ()
              } ]
