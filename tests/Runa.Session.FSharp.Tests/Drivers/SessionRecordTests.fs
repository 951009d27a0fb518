module Runa.Session.Tests.SessionRecordTests

open System
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport

let private now = clock().GetUtcNow()
let private minutes (n: float) = now + TimeSpan.FromMinutes n

/// Ends absolutely after an hour.
let private record (idleExpiresAt: DateTimeOffset voption) : SessionRecord =
    { Version = RecordVersion.Next()
      Scope = "tests/web"
      State =
        { SessionState.fresh now (TimeSpan.FromHours 1.) with
            Owner = Some "alice-the-owner"
            Values = Map [ "key", "\"a-secret-value\"" ] }
      IdleExpiresAt = idleExpiresAt
      Kind = RecordKind.Live }

let private touchedAt idleExpiresAt touch = (SessionRecord.touch touch (record idleExpiresAt)).IdleExpiresAt

[<Tests>]
let tests =
    testList
        "SessionRecord"
        [ testCase "a record ends at its absolute end, or earlier at its idle end"
          <| fun () ->
              SessionRecord.endsAt (record ValueNone) |> Expect.equal "no idle end" (minutes 60.)
              SessionRecord.endsAt (record (ValueSome(minutes 10.))) |> Expect.equal "idle" (minutes 10.)
              SessionRecord.endsAt (record (ValueSome(minutes 90.))) |> Expect.equal "absolute" (minutes 60.)

          testCase "promise 7: a record has expired at its end, not after it"
          <| fun () ->
              let record = record (ValueSome(minutes 10.))
              SessionRecord.isExpired (minutes 10.) record |> Expect.isTrue "at its end"
              SessionRecord.isExpired ((minutes 10.).AddTicks -1L) record |> Expect.isFalse "just before"

          testCase "promise 7: a touch moves the idle end later, and when it was last seen with it"
          <| fun () ->
              let before = record (ValueSome(minutes 10.))
              let touched = SessionRecord.touch (minutes 15.) before
              touched.IdleExpiresAt |> Expect.equal "later" (ValueSome(minutes 15.))
              touched.State.LastSeenAt |> Expect.equal "seen" (minutes 5.)

          testCase "promise 7: a touch never moves the idle end backwards"
          <| fun () ->
              let before = record (ValueSome(minutes 10.))
              SessionRecord.touch (minutes 9.) before |> Expect.equal "unchanged" before

          testCase "promise 7: a touch never moves the idle end past the absolute end"
          <| fun () ->
              touchedAt (ValueSome(minutes 50.)) (minutes 70.) |> Expect.equal "capped" (ValueSome(minutes 60.))

              touchedAt ValueNone (minutes 70.) |> Expect.equal "capped, too" (ValueSome(minutes 60.))

          testCase "a touch leaves the version and all but the times"
          <| fun () ->
              let before = record (ValueSome(minutes 10.))
              let touched = SessionRecord.touch (minutes 15.) before
              touched.Version |> Expect.equal "version" before.Version

              { touched with IdleExpiresAt = before.IdleExpiresAt; State = before.State }
              |> Expect.equal "the rest" before

              SessionState.same touched.State before.State |> Expect.isTrue "the state"

          testCase "promise 5: a record prints neither owner nor values nor keys"
          <| fun () ->
              let record = record ValueNone
              let key = StoreKey.ofBytes (ReadOnlySpan(Array.init 16 byte))
              let owned: OwnedRecord = { Key = key; Record = record }
              let page: OwnedPage = { Items = [ owned ]; Unreadable = [ key ]; Next = Some(StoreKey.toText key) }
              let moved = RecordKind.Moved key

              for text in
                  [ $"{record} %A{record} {owned} %A{owned} {page} %A{page} {moved} %A{moved}"
                    $"{record.State} %A{record.State}" ] do
                  for hidden in [ "alice-the-owner"; "a-secret-value"; StoreKey.toText key ] do
                      text.Contains hidden |> Expect.isFalse $"{hidden} in {text}"

          testCase "versions differ from write to write"
          <| fun () ->
              let versions = List.init 1000 (fun _ -> RecordVersion.Next())
              List.distinct versions |> List.length |> Expect.equal "all distinct" 1000 ]
