module Runa.Session.Tests.SessionStateTests

open System
open System.Text
open Expecto
open Runa.Session

let private now = DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero)
let private fresh = SessionState.fresh now (TimeSpan.FromHours 2.)
let private flash id key json : Flash = { Id = id; Key = key; Json = json }

[<Tests>]
let tests =
    testList
        "SessionState"
        [ test "a fresh state is empty and ends after its lifetime" {
              Expect.isTrue (SessionState.isEmpty fresh) "empty"
              Expect.equal fresh.ExpiresAt (now.AddHours 2.) "its end"
              Expect.equal (fresh.CreatedAt, fresh.LastSeenAt) (now, now) "its beginning"
          }

          test "† empty means no values, no flashes, no owner; a label or claims do not count" {
              let states =
                  [ { fresh with Values = Map [ "a", "1" ] }, false
                    { fresh with Flashes = [ flash 0L "a" "1" ] }, false
                    { fresh with Owner = Some "o" }, false
                    { fresh with Label = Some "Firefox" }, true
                    { fresh with Claims = Map [ "role", [ "x" ] ] }, true ]

              for state, expected in states do
                  Expect.equal (SessionState.isEmpty state) expected $"{state.Values.Count} {state.Flashes.Length}"
          }

          test "a life begins at the sign-in, or else at the creation" {
              Expect.equal (SessionState.startedAt fresh) now "created"
              let signedIn = { fresh with SignedInAt = Some(now.AddHours 1.) }
              Expect.equal (SessionState.startedAt signedIn) (now.AddHours 1.) "signed in"
          }

          test "two states are the same if they differ in their last request only" {
              Expect.isTrue (SessionState.same fresh { fresh with LastSeenAt = now.AddHours 1. }) "last seen"

              for other in
                  [ { fresh with Values = Map [ "a", "1" ] }
                    { fresh with Flashes = [ flash 1L "a" "1" ] }
                    { fresh with Owner = Some "o" }
                    { fresh with Claims = Map [ "role", [ "x" ] ] }
                    { fresh with Label = Some "l" }
                    { fresh with Client = Some { Address = None; Agent = Some "a" } }
                    { fresh with Rotation = Some { Generation = 1; RotatedAt = now; SeenAt = None } }
                    { fresh with Device = Some(DeviceBinding.Offered "d") }
                    { fresh with CreatedAt = now.AddSeconds 1. }
                    { fresh with SignedInAt = Some now }
                    { fresh with ExpiresAt = now.AddHours 3. } ] do
                  Expect.isFalse (SessionState.same fresh other) "another"
          }

          testProperty "the size is that of every text the application put in, in UTF-8"
          <| fun (values: Map<FsCheck.NonEmptyString, FsCheck.NonEmptyString>, owner: FsCheck.NonEmptyString option) ->
              let values = values |> Map.toList |> List.map (fun (k, v) -> k.Get, v.Get)
              let owner = owner |> Option.map _.Get

              let state =
                  { fresh with
                      Values = Map values
                      Flashes = [ flash 1L "notice" "\"é\"" ]
                      Owner = owner
                      Claims = Map [ "role", [ "a"; "bc" ] ]
                      Label = Some "L" }

              let all =
                  String.Concat(values |> List.map (fun (k, v) -> k + v))
                  + "notice\"é\""
                  + defaultArg owner ""
                  + "roleabcL"

              SessionState.bytes state = Encoding.UTF8.GetByteCount all

          test "the largest key is found among values and flashes, those of one key added up" {
              Expect.isNone (SessionState.largest fresh) "nothing"
              let state = { fresh with Values = Map [ "a", "12345"; "b", "1" ] }
              Expect.equal (SessionState.largest state) (Some("a", 5)) "a value"
              let state = { state with Flashes = [ flash 1L "f" "123"; flash 2L "f" "123" ] }
              Expect.equal (SessionState.largest state) (Some("f", 6)) "flashes"
          } ]
