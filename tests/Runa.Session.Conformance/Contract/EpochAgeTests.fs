/// How long ago the last revocation came: by a clock that really goes, so these tests wait for moments.
module internal Runa.Session.Conformance.EpochAgeTests

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists

/// What a store may round up to. A sign-in that began so long before a revocation, or less, is not seen to have done so.
let private allowance = TimeSpan.FromMilliseconds 250.
/// A server that is not given the processor may take a command's time some milliseconds before the command was sent. An age
/// that is too small refuses a sign-in that was good, and misses no revocation.
let private lag = TimeSpan.FromMilliseconds 50.
let private moment = TimeSpan.FromMilliseconds 60.

let private ageOf (driver: SessionDriver) scope owner : Task<TimeSpan> =
    task {
        let! epoch = driver.Owners.Value.Epoch scope owner CancellationToken.None
        return epoch.Age
    }

/// At least as long ago as the change was done but for the lag, and not longer than since it began but for the allowance.
let private isRight (what: string) (driver: SessionDriver) scope owner (began: int64) (ended: int64) : Task<unit> =
    task {
        let least = Stopwatch.GetElapsedTime ended - lag
        let! age = ageOf driver scope owner
        let most = Stopwatch.GetElapsedTime began + allowance

        if age < least || age > most then
            failtest $"{what}: {age} ago, and it came between {least} and {most} ago"
    }

let private changed (work: unit -> Task) : Task<struct (int64 * int64)> =
    task {
        let began = Stopwatch.GetTimestamp()
        do! work ()
        return struct (began, Stopwatch.GetTimestamp())
    }

let tests (under: DriverUnderTest) : Test =
    let test name = Bench.test under [ Need.Owners ] name

    let advance (driver: SessionDriver) scope owner () : Task =
        (driver.Owners.Value.Advance scope owner CancellationToken.None).AsTask()

    let deleteAll (bench: Bench) scope () : Task = (bench.Owners.DeleteAll scope CancellationToken.None).AsTask()

    testList
        "age of an epoch"
        [ test "promise 27: the age of an owner who was never revoked is longer than any request's"
          <| fun bench ->
              task {
                  let began = Stopwatch.GetTimestamp()
                  let scope = newScope ()
                  let! age = ageOf bench.Driver scope "alice"
                  (age, Stopwatch.GetElapsedTime began) |> Expect.isGreaterThan "older than this test"
                  let! key = Ask.store bench.Driver (owned scope "alice" bench)
                  let! _ = Ask.delete bench.Driver key
                  do! advance bench.Driver scope "bob" ()
                  do! advance bench.Driver (newScope ()) "alice" ()
                  do! Task.Delay moment
                  let! age = ageOf bench.Driver scope "alice"
                  (age, Stopwatch.GetElapsedTime began) |> Expect.isGreaterThan "nor do others, or records, change it"
              }

          test "promise 27: the age is small right after an Advance, grows, and does not follow the application's clock"
          <| fun bench ->
              task {
                  let! other = bench.OpenAnother()
                  let scope = newScope ()
                  let! struct (began, ended) = changed (advance bench.Driver scope "alice")

                  for round in 1..4 do
                      do! isRight $"in round {round}" bench.Driver scope "alice" began ended
                      do! isRight $"for another process, in round {round}" other scope "alice" began ended
                      do! Task.Delay moment

                      if round = 2 then
                          bench.Clock.Advance(TimeSpan.FromMinutes 1.)

                  let! struct (began, ended) = changed (advance other scope "alice")
                  do! isRight "after another one" bench.Driver scope "alice" began ended
              }

          test
              "promise 27: DeleteAll makes the age small for every owner of its scope, known or not, and for no other scope"
          <| fun bench ->
              task {
                  let began = Stopwatch.GetTimestamp()
                  let scope, elsewhere = newScope (), newScope ()
                  do! advance bench.Driver scope "bob" ()
                  let! _ = Ask.store bench.Driver (owned scope "carol" bench)
                  do! Task.Delay moment
                  let! struct (from, ended) = changed (deleteAll bench scope)

                  for owner in [ "bob"; "carol"; "nobody" ] do
                      do! isRight owner bench.Driver scope owner from ended

                  let! age = ageOf bench.Driver elsewhere "carol"
                  (age, Stopwatch.GetElapsedTime began) |> Expect.isGreaterThan "elsewhere"
                  do! Task.Delay moment
                  let! struct (from, ended) = changed (advance bench.Driver scope "bob")
                  do! isRight "bob, again" bench.Driver scope "bob" from ended
              } ]
