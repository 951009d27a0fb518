/// Asking the store whether it answers.
module internal Runa.Session.Conformance.PingTests

open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records

let tests (under: DriverUnderTest) : Test =
    testList
        "ping"
        [ Bench.test under [ Need.Store ] "a store that answers is pinged, by many at once, and nothing in it changes"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let record = live scope bench.Now |> withOwner (Some "alice")
                  let! key = Ask.store bench.Driver record
                  do! Task.WhenAll [ for _ in 1..10 -> (bench.Driver.Ping CancellationToken.None).AsTask() ]
                  let! found = Ask.load bench.Driver key
                  found |> Expect.equal "as it was" (ValueSome record)
              } ]
