module Runa.Session.Tests.SessionTests

open System
open Expecto
open Runa.Session
open Runa.Session.Tests.CodecTests

let private visits = SessionKey.create<int> "visits"
let private notice = SessionKey.create<string> "notice"
let private names = SessionKey.create<ResizeArray<string>> "names"
let private lines = SessionKey.create<Line list> "lines"
let private empty = Session.empty "web"

/// A key of the same name that reads another type.
let private visitsAsText = SessionKey.create<string> "visits"

[<Tests>]
let values =
    testList
        "Session values"
        [ test "an empty session has a name, is new, and holds nothing" {
              Expect.equal (Session.name empty, Session.status empty) ("web", SessionStatus.New) "name and status"
              Expect.isTrue (Session.isEmpty empty) "empty"
              Expect.equal (Session.keys empty) [] "no keys"
              Expect.equal (Session.toJson empty) "{}" "no values"
              Expect.equal (Session.createdAt empty) DateTimeOffset.UnixEpoch "created at the epoch"
              Expect.equal (Session.expiresAt empty) (DateTimeOffset.UnixEpoch.AddHours 2.) "for two hours"
              Expect.equal
                  (Session.owner empty, Session.signedInAt empty, Session.label empty)
                  (None, None, None)
                  "nobody's"
          }

          test "what is set is got, and the session it was set on is unchanged" {
              let session = empty |> Session.set visits 3
              Expect.equal (Session.tryGet visits session, Session.getOr visits 0 session) (Some 3, 3) "got"
              Expect.isTrue (Session.has visits session) "has"
              Expect.equal (Session.tryGet visits empty, Session.getOr visits 7 empty) (None, 7) "unchanged"
              Expect.isFalse (Session.has visits empty) "has not"
          }

          test "update starts from the seed, then from the value" {
              let add = Session.update visits 10 ((+) 1)
              Expect.equal (empty |> add |> add |> Session.tryGet visits) (Some 12) "twice"
          }

          test "remove takes one value, clear takes all values and flashes and leaves the owner" {
              let full =
                  empty
                  |> Session.signInWith "o" (Map [ "role", [ "x" ] ])
                  |> Session.set visits 1
                  |> Session.set lines []
                  |> Session.flash notice "n"

              Expect.equal (full |> Session.remove visits |> Session.keys) [ "lines" ] "removed"
              let cleared = Session.clear full
              Expect.equal (Session.keys cleared, fst (Session.takeFlashes notice cleared)) ([], []) "cleared"
              Expect.equal (Session.owner cleared) (Some "o") "the owner stays"
              Expect.equal (Session.claims cleared) (Map [ "role", [ "x" ] ]) "and the claims"
          }

          test "keys are in ordinal order, and toJson holds each" {
              let set name session = Session.set (SessionKey.create<int> name) 1 session
              let session = empty |> set "b" |> set "a" |> set "Z"
              Expect.equal (Session.keys session) [ "Z"; "a"; "b" ] "ordered"
              Expect.equal (Session.toJson session) """{"Z":1,"a":1,"b":1}""" "one object"
          }

          test "promise 17: a value that no longer decodes reads as missing, is told apart by decode, and is kept" {
              let session = empty |> Session.set visits 3
              Expect.isNone (Session.tryGet visitsAsText session) "missing"
              Expect.equal (Session.getOr visitsAsText "x" session) "x" "the other"
              Expect.isError (Session.decode visitsAsText session) "told apart"
              Expect.isTrue (Session.has visitsAsText session) "there all the same"
              let changed = session |> Session.set lines [] |> Session.regenerate
              Expect.equal (Session.tryGet visits changed) (Some 3) "kept by a write"
              Expect.equal (Session.decode visits empty) (Ok None) "missing is Ok None"
          }

          test "† a mutable object changed after set, or after being got, changes nothing in the session" {
              let list = ResizeArray [ "a" ]
              let session = empty |> Session.set names list
              list.Add "b"
              Expect.equal (session |> Session.tryGet names |> Option.map List.ofSeq) (Some [ "a" ]) "after set"
              session |> Session.tryGet names |> Option.iter _.Add("c")
              Expect.equal (session |> Session.tryGet names |> Option.map List.ofSeq) (Some [ "a" ]) "after get"
          } ]

[<Tests>]
let equality =
    testList
        "Session equality"
        [ testProperty "equality is by value, whatever the order of the steps"
          <| fun (a: int, b: int) ->
              let one = empty |> Session.set visits a |> Session.set lines []
              let other = empty |> Session.set lines [] |> Session.set visits b
              (one = other) = (a = b) && (a <> b || hash one = hash other)

          test "name, owner, flashes, label, lifetime, regenerate and destroy count" {
              for other in
                  [ Session.empty "admin"
                    Session.signIn "o" empty
                    Session.flash notice "n" empty
                    Session.withLabel "l" empty
                    Session.withLifetime (TimeSpan.FromHours 3.) empty
                    Session.regenerate empty
                    Session.destroy empty ] do
                  Expect.notEqual other empty "differs"

              Expect.isFalse (empty.Equals null) "null"
              Expect.isFalse (empty.Equals "web") "another type"
          }

          test "setting the value that is there gives the very session back" {
              let session = empty |> Session.set visits 1
              Expect.isTrue (obj.ReferenceEquals(session, Session.set visits 1 session)) "the same"
          } ]

[<Tests>]
let flashes =
    testList
        "Session flashes"
        [ test "a session has flashes while values are queued under any key" {
              let queued = Session.flash notice "n" empty
              let _, taken = Session.takeFlashes notice queued
              Expect.equal ([ empty; queued; taken ] |> List.map Session.hasFlashes) [ false; true; false ] "queued"
          }

          test "flashes are taken once, oldest first, those of other keys left" {
              let other = SessionKey.create<string> "other"
              let queued = empty |> Session.flash notice "1" |> Session.flash other "x" |> Session.flash notice "2"
              let taken, rest = Session.takeFlashes notice queued
              Expect.equal taken [ "1"; "2" ] "in order"
              Expect.equal (fst (Session.takeFlashes notice rest)) [] "once"
              Expect.equal (fst (Session.takeFlashes other rest)) [ "x" ] "the other"
          }

          test "a flash that cannot be decoded stays" {
              let queued = empty |> Session.flash visits 1 |> Session.flash visitsAsText "a"
              let taken, rest = Session.takeFlashes visitsAsText queued
              Expect.equal taken [ "a" ] "what can be read"
              Expect.equal (fst (Session.takeFlashes visits rest)) [ 1 ] "what could not"
          }

          test "taking nothing gives the very session back" {
              let session = empty |> Session.flash notice "1"
              Expect.isTrue (obj.ReferenceEquals(session, snd (Session.takeFlashes visits session))) "the same"
          } ]

[<Tests>]
let life =
    testList
        "Session life"
        [ test "withLifetime counts from the creation, is capped, and must be positive" {
              let ends lifetime = empty |> Session.withLifetime lifetime |> Session.expiresAt
              Expect.equal (ends (TimeSpan.FromDays 7.)) (DateTimeOffset.UnixEpoch.AddDays 7.) "seven days"
              Expect.equal (ends TimeSpan.MaxValue) (DateTimeOffset.UnixEpoch.AddDays 30.) "at most MaxTtl"

              for bad in [ TimeSpan.Zero; TimeSpan.FromSeconds -1.; TimeSpan.MinValue ] do
                  Expect.throwsT<ArgumentOutOfRangeException> (fun () -> ends bad |> ignore) "refused"
          }

          test "promise 17: an owner or a label that no store could give back is refused" {
              let lone = "a" + string '\uD800' + "b"
              Expect.throwsT<ArgumentException> (fun () -> empty |> Session.signIn lone |> ignore) "the owner"
              Expect.throwsT<ArgumentException> (fun () -> empty |> Session.withLabel lone |> ignore) "the label"
              Expect.equal (empty |> Session.withLabel "a\U0001F600" |> Session.label) (Some "a\U0001F600") "a pair"
          }

          test "withClient keeps an address and an agent, cuts a long agent, and refuses a long address" {
              let client address agent = empty |> Session.withClient address agent |> Session.client
              let known = Some { SessionClient.Address = Some "::1"; SessionClient.Agent = Some "Firefox" }
              Expect.equal (Session.client empty) None "nothing by itself"
              Expect.equal (client (Some "::1") (Some "Firefox")) known "both"
              Expect.equal (client (Some "::1") None |> Option.bind _.Agent) None "an address alone"
              Expect.equal (client (Some "") (Some "Firefox") |> Option.bind _.Address) None "no empty address"

              for address, agent in [ None, None; Some "", Some " " ] do
                  let session = empty |> Session.withClient (Some "::1") None |> Session.withClient address agent
                  Expect.equal (Session.client session) None "neither is known, so it is removed"

              let agent (text: string) = client None (Some text) |> Option.bind _.Agent |> Option.get
              let a = String('a', 511)
              Expect.equal (agent (a + "b")) (a + "b") "512 characters"
              Expect.equal (agent (a + "bc")) (a + "b") "513"
              Expect.equal (agent (a + "\U0001F600")) a "no half of a pair"
              Expect.equal (agent (a.Substring 1 + "\U0001F600c")) (a.Substring 1 + "\U0001F600") "a whole pair"

              let address = String('1', 64)
              Expect.equal (client (Some address) None |> Option.bind _.Address) (Some address) "64 characters"
              let refused = Expect.throwsC (fun () -> client (Some(address + "1")) None |> ignore) id
              Expect.isTrue (refused :? ArgumentException) "65"
              Expect.stringContains refused.Message "has 65 characters; at most 64 are allowed" "what is wrong"
          }

          test "promise 17: a client that no store could give back is refused" {
              let lone = "a" + string '\uD800' + "b"
              Expect.throwsT<ArgumentException>
                  (fun () -> empty |> Session.withClient (Some lone) None |> ignore)
                  "address"
              Expect.throwsT<ArgumentException>
                  (fun () -> empty |> Session.withClient None (Some lone) |> ignore)
                  "agent"
          }

          test "withLifetime before or after signIn gives the same end" {
              let day = TimeSpan.FromDays 1.
              let before = empty |> Session.withLifetime day |> Session.signIn "o"
              let after = empty |> Session.signIn "o" |> Session.withLifetime day
              Expect.equal (Session.expiresAt before) (Session.expiresAt after) "the same"
          }

          test "signIn sets owner and claims and keeps what a visitor had" {
              let session = empty |> Session.set visits 1 |> Session.signInWith "o" (Map [ "role", [ "a"; "b" ] ])
              Expect.equal (Session.owner session, Session.tryGet visits session) (Some "o", Some 1) "owner and values"
              Expect.equal (Session.claims session) (Map [ "role", [ "a"; "b" ] ]) "claims"
              Expect.isSome (Session.signedInAt session) "when"
              Expect.equal (session |> Session.signIn "o" |> Session.claims) Map.empty "replaced by the next sign-in"
          }

          test "† signIn over another owner's session starts from empty" {
              let first =
                  empty
                  |> Session.signIn "one"
                  |> Session.set visits 1
                  |> Session.flash notice "n"
                  |> Session.withLabel "l"
                  |> Session.withClient (Some "::1") (Some "Firefox")
              let second = first |> Session.signIn "two"
              Expect.equal (Session.owner second, Session.keys second) (Some "two", []) "no value of the first"
              Expect.equal
                  (fst (Session.takeFlashes notice second), Session.label second)
                  ([], None)
                  "nor flash, nor label"
              Expect.equal (Session.client second) None "nor client"
              Expect.isSome (first |> Session.signIn "one" |> Session.client) "the same owner keeps it"
              Expect.equal (first |> Session.signIn "one" |> Session.tryGet visits) (Some 1) "the same owner keeps them"
          }

          test "an owner is not empty" {
              for owner in [ ""; " "; "\t" ] do
                  Expect.throwsT<ArgumentException> (fun () -> Session.signIn owner empty |> ignore) "refused"
          }

          test "destroy and signOut leave nothing, and what is set afterwards is there" {
              let session =
                  empty
                  |> Session.signIn "o"
                  |> Session.set visits 1
                  |> Session.withLabel "l"
                  |> Session.withClient (Some "::1") None

              for ended in [ Session.destroy session; Session.signOut session ] do
                  Expect.isTrue (Session.isEmpty ended) "empty"
                  Expect.equal (Session.label ended, Session.claims ended) (None, Map.empty) "nobody's"
                  Expect.equal (Session.client ended) None "no client"
                  Expect.equal
                      (ended |> Session.flash notice "bye" |> Session.takeFlashes notice |> fst)
                      [ "bye" ]
                      "after"
          }

          test "regenerate keeps values, owner, client and end" {
              let session =
                  empty
                  |> Session.signIn "o"
                  |> Session.set visits 1
                  |> Session.withClient (Some "::1") (Some "Firefox")
              let again = Session.regenerate session
              Expect.equal (Session.client again) (Session.client session) "the client"
              Expect.equal (Session.tryGet visits again, Session.owner again) (Some 1, Some "o") "values and owner"
              Expect.equal
                  (Session.expiresAt again, Session.createdAt again)
                  (Session.expiresAt session, Session.createdAt session)
                  "times"
          } ]
