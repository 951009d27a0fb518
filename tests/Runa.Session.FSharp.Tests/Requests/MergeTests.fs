module Runa.Session.Tests.MergeTests

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session

let private now = DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero)
let private origin = (Session.empty "web").Origin
let private base' = SessionState.fresh now (TimeSpan.FromHours 2.)
let private sessionOf (state: SessionState) = Session(origin, state, SessionChange.None)
let private withValues values = sessionOf { base' with Values = values }
let private flash id key : Flash = { Id = id; Key = key; Json = "\"hello\"" }
let private withFlashes flashes = sessionOf { base' with Flashes = flashes }
let private text name = SessionKey.create<string> name

let private merged current was wanted =
    match Merge.onto current was wanted with
    | Ok session -> session
    | Error why -> failtest why

let private values: Gen<Map<string, string>> =
    Gen.zip (Gen.elements [ "a"; "b"; "c"; "d" ]) (Gen.elements [ "1"; "2"; "3" ])
    |> Gen.listOf
    |> Gen.map Map.ofList

let private three = Arb.fromGen (Gen.zip3 values values values)

let private holds (rule: Map<string, string> -> Map<string, string> -> Map<string, string> -> bool) =
    Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess true,
        Prop.forAll three (fun (was, mine, theirs) -> rule was mine theirs)
    )

let private mergedValues was mine theirs =
    let was = withValues was
    (merged (withValues theirs) was (Session(origin, { base' with Values = mine }, SessionChange.None))).State.Values

[<Tests>]
let tests =
    testList
        "Merge"
        [ testCase "promise 12: key by key, what this request changed wins, everything else is theirs"
          <| fun () ->
              holds (fun was mine theirs ->
                  let result = mergedValues was mine theirs

                  [ "a"; "b"; "c"; "d" ]
                  |> List.forall (fun key ->
                      let isMine = mine.TryFind key <> was.TryFind key
                      result.TryFind key = (if isMine then mine else theirs).TryFind key))

          testCase "promise 12: where nobody else wrote, the merge is what this request wanted"
          <| fun () -> holds (fun was mine _ -> mergedValues was mine was = mine)

          testCase "promise 12: where this request changed nothing, the merge is theirs"
          <| fun () -> holds (fun was _ theirs -> mergedValues was was theirs = theirs)

          testCase "promise 12: changes of different keys come to the same in either order"
          <| fun () ->
              holds (fun was mine theirs ->
                  let only keys (changed: Map<string, string>) =
                      [ "a"; "b"; "c"; "d" ]
                      |> List.choose (fun key ->
                          (if List.contains key keys then changed else was).TryFind key
                          |> Option.map (fun value -> key, value))
                      |> Map.ofList

                  let mine, theirs = only [ "a"; "b" ] mine, only [ "c"; "d" ] theirs
                  mergedValues was mine theirs = mergedValues was theirs mine)

          testCase "clear removes every key, also what another request added"
          <| fun () ->
              holds (fun was mine theirs ->
                  let was = withValues was
                  let wanted = Session.clear was |> Session.set (text "new") "1"
                  let current = sessionOf { base' with Values = theirs; Flashes = [ flash 1L "notice" ] }
                  ignore mine
                  let result = merged current was wanted
                  Session.keys result = [ "new" ] && result.State.Flashes.IsEmpty)

          testCase "promise 16: flashes of both are kept, each once"
          <| fun () ->
              let was = withFlashes [ flash 1L "notice" ]
              let wanted = Session.flash (text "notice") "mine" was
              let current = withFlashes [ flash 1L "notice"; flash 2L "notice" ]

              (merged current was wanted).State.Flashes
              |> List.map _.Id
              |> Expect.equal "theirs, then mine" [ 1L; 2L; 0L ]

          testCase "promise 16: a flash that was taken goes, one queued meanwhile stays"
          <| fun () ->
              let was = withFlashes [ flash 1L "notice" ]
              let _, wanted = Session.takeFlashes (text "notice") was
              let current = withFlashes [ flash 1L "notice"; flash 2L "notice" ]

              (merged current was wanted).State.Flashes |> List.map _.Id |> Expect.equal "the new one" [ 2L ]

          testCase "promise 16: a flash that another request took too is an error"
          <| fun () ->
              let was = withFlashes [ flash 1L "notice" ]
              let _, wanted = Session.takeFlashes (text "notice") was
              Merge.onto (withFlashes []) was wanted |> Result.isError |> Expect.isTrue "refused"

          testCase "owner and claims are theirs, unless this request signed in"
          <| fun () ->
              let was = sessionOf base'
              let theirs = sessionOf { base' with Owner = Some "alice"; Claims = Map [ "role", [ "admin" ] ] }
              let changed = merged theirs was (Session.set (text "a") "1" was)
              Session.owner changed |> Expect.equal "kept" (Some "alice")
              Session.claims changed |> Expect.equal "kept" (Map [ "role", [ "admin" ] ])
              let signedIn = merged theirs was (Session.signInWith "bob" (Map [ "role", [ "user" ] ]) was)
              Session.owner signedIn |> Expect.equal "signed in" (Some "bob")
              Session.claims signedIn |> Expect.equal "replaced" (Map [ "role", [ "user" ] ])

          testCase "the lifetime is theirs, unless this request changed it"
          <| fun () ->
              let was = sessionOf base'
              let theirs = sessionOf { base' with ExpiresAt = now.AddHours 9. }

              Session.expiresAt (merged theirs was (Session.set (text "a") "1" was))
              |> Expect.equal "kept" (now.AddHours 9.)

              Session.expiresAt (merged theirs was (Session.withLifetime (TimeSpan.FromHours 1.) was))
              |> Expect.equal "changed" (now.AddHours 1.)

          testCase "promise 9: an end of the session wins over what others changed"
          <| fun () ->
              let was = withValues (Map [ "a", "1" ])
              let result = merged (withValues (Map [ "a", "2" ])) was (Session.signOut was)
              result.Change.Destroyed |> Expect.isTrue "destroyed"
              Session.isEmpty result |> Expect.isTrue "empty"

          testCase "a label is theirs, unless this request changed it"
          <| fun () ->
              let was = sessionOf base'
              let theirs = sessionOf { base' with Label = Some "phone" }
              Session.label (merged theirs was was) |> Expect.equal "kept" (Some "phone")
              Session.label (merged theirs was (Session.withLabel "desk" was))
              |> Expect.equal "changed" (Some "desk")

          testCase "a client is theirs, unless this request changed it"
          <| fun () ->
              let was = sessionOf base'
              let theirs = sessionOf { base' with Client = Some { Address = Some "::1"; Agent = None } }
              let address (session: Session) = Session.client session |> Option.bind _.Address
              address (merged theirs was was) |> Expect.equal "kept" (Some "::1")
              address (merged theirs was (Session.withClient (Some "::2") None was))
              |> Expect.equal "changed" (Some "::2")

          testCase "promise 4: a new owner gets no label and no client that the previous one was given meanwhile"
          <| fun () ->
              let was = sessionOf { base' with Owner = Some "alice" }

              let theirs =
                  sessionOf
                      { base' with
                          Owner = Some "alice"
                          Label = Some "phone"
                          Client = Some { Address = Some "::1"; Agent = None } }

              let result = merged theirs was (Session.signIn "bob" was)
              Session.owner result |> Expect.equal "signed in" (Some "bob")
              Session.label result |> Expect.isNone "no label"
              Session.client result |> Expect.isNone "no client"
              let again = merged theirs was (Session.signIn "alice" was)
              Session.label again |> Expect.equal "the same owner's" (Some "phone")
              Session.client again |> Expect.isSome "the same owner's" ]
