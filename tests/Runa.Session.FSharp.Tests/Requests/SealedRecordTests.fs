module Runa.Session.Tests.SealedRecordTests

open System
open System.Collections.Generic
open System.Text
open System.Threading
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging
open FsCheck
open FsCheck.FSharp
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Records
open Runa.Session.Tests.Requests

let private sealing = fun (o: SessionSettings) -> { o with Sealed = true }
let private sealedWeb clock driver = webWith clock driver sealing

let private placeOf (session: SessionDefinition) (token: string) : Place = (wait (load session token)).Place

let private tokens () = SessionToken(KeyRing.ofSecrets [ secret ], Some "tests", "web")

let private fresh (tokens: SessionToken) : Place = { Token = tokens.Create(); Pieces = 0 }

let private live: Gen<SessionRecord> =
    Records.record |> Gen.map (fun record -> { record with Kind = RecordKind.Live })

let private sample (record: SessionRecord) =
    { record with State = { record.State with Values = Map [ "secret", "\"sesame\"" ] } }

let private one: SessionRecord = sample (List.head (Gen.sample 1 live |> List.ofArray))

let private stored (session: SessionDefinition) token : SessionRecord =
    match (session.Driver.Load (placeOf session token).Key CancellationToken.None).AsTask() |> wait with
    | ValueSome record -> record
    | ValueNone -> failtest "nothing is stored"

/// Edits the record in the store.
let private tamper (session: SessionDefinition) token =
    let record = stored session token
    let edited = { record with Scope = "tests/other"; Version = RecordVersion.Next() }
    let key = (placeOf session token).Key
    (session.Driver.Replace key record.Version edited CancellationToken.None).AsTask() |> wait |> ignore

[<Tests>]
let tests =
    testList
        "SealedRecord"
        [ testCase "promise 17: what is opened is what was sealed"
          <| fun () ->
              let tokens = tokens ()

              Prop.forAll (Arb.fromGen live) (fun record ->
                  let place = fresh tokens
                  SealedRecord.tryOpen tokens place (SealedRecord.seal tokens place record) = Some record)
              |> fun property ->
                  Check.One(Config.QuickThrowOnFailure.WithMaxTest(200).WithQuietOnSuccess true, property)

          testCase "the store is given metadata, and neither values nor flashes nor claims"
          <| fun () ->
              let clock = clock ()
              let session = sealedWeb clock (memory clock)

              let token =
                  start session (fun session ->
                      session
                      |> Session.signInWith "alice" (Map [ "role", [ "sesame-claim" ] ])
                      |> Session.withLabel "Firefox"
                      |> Session.withClient (Some "192.0.2.7") (Some "Mozilla")
                      |> Session.set note "sesame-value"
                      |> Session.flash notice "sesame-flash")

              let text = Encoding.UTF8.GetString(RecordFormat.write (stored session token))
              text |> Expect.stringContains "the owner can be listed" "alice"
              text |> Expect.stringContains "the label can be listed" "Firefox"
              text |> Expect.stringContains "the address can be listed" "192.0.2.7"
              text |> Expect.stringContains "the agent can be listed" "Mozilla"
              text.Contains "sesame" |> Expect.isFalse "no content"
              text.Contains "note" |> Expect.isFalse "nor the names of keys"
              let found = find session token
              Session.tryGet note found |> Expect.equal "the visitor's own cookie opens it" (Some "sesame-value")
              Session.claims found |> Expect.equal "claims" (Map [ "role", [ "sesame-claim" ] ])
              fst (Session.takeFlashes notice found) |> Expect.equal "flashes" [ "sesame-flash" ]

          testCase "the store and the secrets together open nothing without the token"
          <| fun () ->
              let tokens = tokens ()
              let place = fresh tokens
              let record = SealedRecord.seal tokens place one

              for _ in 1..20 do
                  let other = { place with Token = GenuineToken((fresh tokens).Token.Words, place.Key) }
                  SealedRecord.tryOpen tokens other record |> Expect.isNone "another token of this application"

          testCase "a record that was swapped or edited in the store does not open"
          <| fun () ->
              let tokens = tokens ()
              let place = fresh tokens
              let record = SealedRecord.seal tokens place one
              let edited change = { record with State = change record.State }

              for changed in
                  [ { record with Version = RecordVersion.Next() }
                    { record with Scope = record.Scope + "x" }
                    edited (fun state -> { state with Owner = Some "mallory" })
                    edited (fun state -> { state with Label = Some "another" })
                    edited (fun state -> { state with Client = Some { Address = Some "::1"; Agent = None } })
                    edited (fun state -> { state with Client = Some { Address = None; Agent = Some "::1" } })
                    edited (fun state -> { state with ExpiresAt = state.ExpiresAt.AddTicks -1L })
                    edited (fun state -> { state with CreatedAt = state.CreatedAt.AddTicks -1L })
                    edited (fun state ->
                        { state with SignedInAt = Some(DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero)) })
                    { record with Kind = RecordKind.Sealed "" }
                    { record with Kind = RecordKind.Sealed "AAAA" }
                    { record with Kind = RecordKind.Sealed "not base64url!" } ] do
                  SealedRecord.tryOpen tokens place changed |> Expect.isNone "edited"

              let elsewhere = { place with Token = GenuineToken(place.Token.Words, (fresh tokens).Key) }
              SealedRecord.tryOpen tokens elsewhere record |> Expect.isNone "under another store key"

          testCase "a record with any one bit flipped does not open"
          <| fun () ->
              let tokens = tokens ()
              let place = fresh tokens
              let record = SealedRecord.seal tokens place one

              let content =
                  match record.Kind with
                  | RecordKind.Sealed content -> Buffers.Text.Base64Url.DecodeFromChars(content.AsSpan())
                  | _ -> failtest "not sealed"

              for bit in 0 .. content.Length * 8 - 1 do
                  let flipped = Array.copy content
                  flipped[bit / 8] <- flipped[bit / 8] ^^^ (1uy <<< (bit % 8))
                  let kind = RecordKind.Sealed(Buffers.Text.Base64Url.EncodeToString(ReadOnlySpan flipped))
                  SealedRecord.tryOpen tokens place { record with Kind = kind } |> Expect.isNone $"bit {bit}"

          testCase "a touch moves what is not sealed, and it still opens"
          <| fun () ->
              let clock = clock ()
              let change (o: SessionSettings) = { o with Sealed = true; IdleTimeout = Some(TimeSpan.FromMinutes 20.) }
              let session = webWith clock (memory clock) change
              let token = start session increment

              for _ in 1..4 do
                  clock.Advance(TimeSpan.FromMinutes 15.)
                  wait (step session token id) |> ignore

              Session.getOr count 0 (find session token) |> Expect.equal "kept" 1

          testCase "two writes of one content are sealed differently"
          <| fun () ->
              let tokens = tokens ()
              let place = fresh tokens
              let seen = HashSet()

              for _ in 1..50 do
                  seen.Add((SealedRecord.seal tokens place one).Kind) |> Expect.isTrue "a nonce of its own"

          testCase "promise 4: a new id seals anew, and tombstones stay readable"
          <| fun () ->
              let clock = clock ()
              let session = sealedWeb clock (memory clock)
              let token = start session (Session.signIn "alice" >> increment)
              let next = tokenOf (wait (step session token Session.regenerate))
              Session.getOr count 0 (find session next) |> Expect.equal "kept" 1
              Session.status (find session token) |> Expect.equal "the old one" SessionStatus.Expired
              wait (step session token Session.destroy) |> ignore
              Session.status (find session next) |> Expect.equal "a logout follows" SessionStatus.Expired

          testCase "promise 12: concurrent steps on a sealed session are all kept"
          <| fun () ->
              let clock = clock ()
              let session = sealedWeb clock (memory clock)
              let token = start session increment
              atOnce (List.replicate 100 (fun () -> step session token increment)) |> ignore
              Session.getOr count 0 (find session token) |> Expect.equal "all" 101

          testCase "promise 24: a record that was sealed under a previous secret still opens"
          <| fun () ->
              let clock = clock ()
              let driver = memory clock
              let token = start (sealedWeb clock driver) increment

              let rotated =
                  (setup clock driver
                   |> SessionSetup.secrets [ "another secret of tests: 8Rn!yX3z-Lq1t_0eMs5U"; secret ]
                   |> SessionSetup.session "web" sealing
                   |> SessionRegistry.create)
                      .Find("web")
                      .Definition

              wait (step rotated token increment) |> ignore
              Session.getOr count 0 (find rotated token) |> Expect.equal "kept" 2

          testCase
              "when sealing is turned on, unsealed records count as gone; when it is turned off, sealed ones are still read"
          <| fun () ->
              let clock = clock ()
              let driver = memory clock
              let plain = web clock driver
              let encrypting = sealedWeb clock driver
              let before = start plain increment
              Session.status (find encrypting before) |> Expect.equal "gone" SessionStatus.Expired
              let after = start encrypting increment
              Session.getOr count 0 (find plain after) |> Expect.equal "read" 1
              wait (step plain after increment) |> ignore
              (stored plain after).Kind |> Expect.equal "and written plainly" RecordKind.Live

          testCase
              "promise 6, 17: a record that does not open counts as gone, and the next write puts a new session in its place"
          <| fun () ->
              let clock = clock ()
              let session, log = logging (sealedWeb clock (memory clock))
              let token = start session increment
              tamper session token
              let found = find session token
              (Session.status found, Session.isEmpty found) |> Expect.equal "gone" (SessionStatus.Expired, true)
              log ()
              |> List.map (fun (level, name, _) -> level, name)
              |> Expect.equal "told" [ LogLevel.Error, "Unreadable" ]
              let key = (placeOf session token).Key
              let next = tokenOf (wait (step session token increment))
              Session.getOr count 0 (find session next) |> Expect.equal "a new one" 1
              (session.Driver.Load key CancellationToken.None).AsTask()
              |> wait
              |> Expect.equal "deleted" ValueNone

          testCase "promise 9, 17: a record that a request finds edited while it commits counts as gone"
          <| fun () ->
              let clock = clock ()
              let session = sealedWeb clock (memory clock)
              let token = start session increment
              let loaded = wait (load session token)
              tamper session token
              let stepped =
                  wait (
                      Engine.run session null loaded null WhenGone.StepAgain (fun s -> struct (increment s, ()))
                      |> _.AsTask()
                  )
              Session.getOr count 0 stepped.Snapshot.Session |> Expect.equal "from an empty one" 1
              Session.getOr count 0 (find session (tokenOf stepped)) |> Expect.equal "under a new token" 1

          testCase
              "promise 14: with on_unreadable = \"error\" a record that does not open is an error, never an empty session"
          <| fun () ->
              let clock = clock ()

              let session =
                  webWith clock (memory clock) (fun o -> { sealing o with OnUnreadable = OnUnreadable.Error })

              let token = start session increment
              tamper session token
              let e = raised<SessionStoreException, _>(fun () -> load session token)
              e.Message |> Expect.stringContains "names the session" "\"web\"" ]
