module Runa.Session.Tests.PackedRecordTests

open System
open System.Runtime.CompilerServices
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session
open Runa.Session.Tests.Records

let private packed (record: SessionRecord) : byte[] = (PackedRecord.pack record).Written.ToArray()
let private unpacked (bytes: byte[]) : SessionRecord = PackedRecord.unpack (ReadOnlySpan bytes)

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private packLarge (record: SessionRecord) : WeakReference =
    let values = Map [ "large", String('x', 1_000_000) ]
    WeakReference(PackedRecord.pack { record with State = { record.State with Values = values } })

let private holds (times: int) (property: Property) =
    Check.One(Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess true, property)

let private instants (record: SessionRecord) =
    let state = record.State

    [ yield state.CreatedAt
      yield state.LastSeenAt
      yield state.ExpiresAt
      yield! Option.toList state.SignedInAt
      yield! ValueOption.toList record.IdleExpiresAt ]

/// The record with its points in time in other zones.
let private elsewhere (record: SessionRecord) : Gen<SessionRecord> =
    gen {
        let! hours = Gen.arrayOfLength 5 (Gen.choose (-14, 14))

        // Near the first and the last year there is no other zone.
        let shift n (at: DateTimeOffset) =
            if at.Year > 1 && at.Year < 9999 then
                at.ToOffset(TimeSpan.FromHours(float hours[n]))
            else
                at

        let state = record.State

        return
            { record with
                IdleExpiresAt = ValueOption.map (shift 0) record.IdleExpiresAt
                State =
                    { state with
                        CreatedAt = shift 1 state.CreatedAt
                        LastSeenAt = shift 2 state.LastSeenAt
                        ExpiresAt = shift 3 state.ExpiresAt
                        SignedInAt = Option.map (shift 4) state.SignedInAt } }
    }

let private anywhere = Gen.oneof [ record; Gen.bind elsewhere record ]

[<Tests>]
let tests =
    testList
        "PackedRecord"
        [ testCase "promise 17: every record is unpacked as it was packed, to the tick, the zone and the character"
          <| fun () ->
              Prop.forAll (Arb.fromGen anywhere) (fun record ->
                  let back = unpacked (packed record)
                  back = record
                  && List.forall2 (fun (a: DateTimeOffset) b -> a.EqualsExact b) (instants back) (instants record))
              |> holds 2_000

          testCase "promise 17: text that is not valid Unicode is unpacked as it was, too, wherever it is"
          <| fun () ->
              for odd in [ "\ud800"; "a\udc00b"; "\udfff\ud800"; String('\ud83d', 300); "" ] do
                  let record = Gen.sample 1 record |> Seq.head

                  let odd: SessionRecord =
                      { record with
                          Scope = odd
                          State =
                              { record.State with
                                  Values = Map [ odd, odd; odd + "2", "1" ]
                                  Flashes = [ { Id = 1L; Key = odd; Json = odd } ]
                                  Claims = Map [ odd, [ odd; ""; odd ] ]
                                  Owner = Some odd
                                  Label = Some odd }
                          Kind = RecordKind.Sealed odd }

                  unpacked (packed odd) |> Expect.equal "the same" odd

          testCase "names are unpacked as they were, however many there are, and however long"
          <| fun () ->
              let record = Gen.sample 1 record |> Seq.head

              for n in 1..50 do
                  let values = Map [ for m in 1..100 -> $"name {n} {m}" + String('x', m), "1" ]
                  let many = { record with State = { record.State with Values = values } }
                  unpacked (packed many) |> Expect.equal "the same" many

          testCase "promise 26: a thread keeps no memory of a record that was unusually large"
          <| fun () ->
              let writer = packLarge (Gen.sample 1 record |> Seq.head)
              GC.Collect()
              writer.IsAlive |> Expect.isFalse "it is gone"

          testCase "the first short names get a number, and are one object from then on"
          <| fun () ->
              let names = PackedNames 3
              names.NumberOf(String('x', 1_000)) |> Expect.equal "too long" 0
              let numbers () = [ for name in [ "a"; "b"; "a"; "c"; "d"; "b" ] -> names.NumberOf name ]
              numbers () |> Expect.equal "three" [ 1; 2; 1; 3; 0; 2 ]
              numbers () |> Expect.equal "for good" [ 1; 2; 1; 3; 0; 2 ]
              [ for number in 1..3 -> names.OfNumber number ] |> Expect.equal "back" [ "a"; "b"; "c" ]

          testCase "what is asked of a packed record is what is asked of the record"
          <| fun () ->
              Prop.forAll (Arb.fromGen anywhere) (fun record ->
                  let bytes = packed record

                  PackedHead.version (ReadOnlySpan bytes) = record.Version
                  && PackedHead.ends (ReadOnlySpan bytes) = (SessionRecord.endsAt record).UtcTicks
                  && PackedHead.scope (ReadOnlySpan bytes) = record.Scope
                  && PackedHead.owner (ReadOnlySpan bytes) = record.State.Owner
                  && PackedHead.has PackedFlags.Moved (ReadOnlySpan bytes) = SessionRecord.isTombstone record)
              |> holds 500

          testCase "promise 7: a packed record is touched as the record is, or not at all"
          <| fun () ->
              let later = Gen.choose (-200, 2_000_000) |> Gen.map (fun minutes -> TimeSpan.FromMinutes(float minutes))

              let touches =
                  gen {
                      let! record = anywhere
                      let! later = later
                      let! zone = Gen.frequency [ 4, Gen.constant 0.; 1, Gen.constant 2. ]
                      let from = ValueOption.defaultValue record.State.CreatedAt record.IdleExpiresAt
                      let isNear = from.Year > 2 && from.Year < 9990
                      let to' = if isNear then from + later else from
                      let to' = if isNear then to'.ToOffset(TimeSpan.FromHours zone) else to'
                      return record, to'
                  }

              Prop.forAll (Arb.fromGen touches) (fun (record, idle) ->
                  let bytes = packed record

                  if PackedHead.tryTouch idle (Span bytes) then
                      unpacked bytes = SessionRecord.touch idle record
                  else
                      unpacked bytes = record
                      && (List.exists
                              (fun (at: DateTimeOffset) -> at.Offset <> TimeSpan.Zero)
                              (idle :: instants record)
                          || (try
                                  SessionRecord.touch idle record |> ignore
                                  false
                              with :? ArgumentOutOfRangeException ->
                                  true)))
              |> holds 2_000 ]
