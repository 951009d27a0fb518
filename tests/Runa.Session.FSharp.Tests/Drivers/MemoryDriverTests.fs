module Runa.Session.Tests.MemoryDriverTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport

let private key = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 1uy))

let private record (clock: TimeProvider) : SessionRecord =
    { Version = RecordVersion.Next()
      Scope = "tests/web"
      State = SessionState.fresh (clock.GetUtcNow()) (TimeSpan.FromHours 1.)
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

[<Tests>]
let tests =
    testList
        "MemoryDriver"
        [ testCase "it has compare-and-swap, an owner index, and answers at once"
          <| fun () ->
              let driver = MemoryDriver.create ()
              driver.Guarantee |> Expect.equal "guarantee" DriverGuarantee.CompareAndSwap
              driver.Owners.IsSome |> Expect.isTrue "owners"
              driver.Place.IsProcess |> Expect.isTrue "in-process"

          testCase "promise 26: a bound that is not positive is refused, by name"
          <| fun () ->
              for options, name in
                  [ { MemoryDriver.defaults with MaxSessions = 0 }, "MaxSessions"
                    { MemoryDriver.defaults with MaxBytes = 0L }, "MaxBytes" ] do
                  try
                      MemoryDriver.create options |> ignore
                      failtest $"{name} was accepted"
                  with :? ArgumentOutOfRangeException as e ->
                      e.ParamName |> Expect.equal "the bound" name

          testCase "two drivers are two stores"
          <| fun () ->
              let clock = clock ()
              let one, other = memory clock, memory clock
              (one.Create key (record clock) CancellationToken.None).Result |> Expect.isTrue "created"
              (other.Load key CancellationToken.None).Result |> Expect.equal "not there" ValueNone

          testCase "promise 3: create never overwrites"
          <| fun () ->
              let clock = clock ()
              let driver = memory clock
              let first = record clock
              (driver.Create key first CancellationToken.None).Result |> Expect.isTrue "created"
              (driver.Create key (record clock) CancellationToken.None).Result |> Expect.isFalse "exists"

              (driver.Load key CancellationToken.None).Result |> Expect.equal "the first one" (ValueSome first)

          testCase "a driver made by functions has compare-and-swap, and nothing to list, purge, ping or dispose"
          <| fun () ->
              let inner = memory (clock ())
              let driver = SessionDriver.create "mine" inner.Load inner.Create inner.Replace inner.Touch inner.Delete
              driver.Name |> Expect.equal "name" "mine"
              driver.Guarantee |> Expect.equal "guarantee" DriverGuarantee.CompareAndSwap
              driver.Owners.IsNone |> Expect.isTrue "no owners"
              driver.Place.IsProcess |> Expect.isFalse "under a time limit"
              (driver.PurgeExpired CancellationToken.None).Result |> Expect.equal "nothing purged" 0
              (driver.Ping CancellationToken.None).IsCompletedSuccessfully |> Expect.isTrue "ping"
              driver.Dispose().IsCompletedSuccessfully |> Expect.isTrue "dispose" ]
