/// The owner index: what it lists.
module internal Runa.Session.Conformance.ListingTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists

let tests (under: DriverUnderTest) : Test =
    let test name = Bench.test under [ Need.Owners ] name

    testList
        "listing"
        [ test "promise 27: an owner's records are listed, as they stand, and nobody else's"
          <| fun bench ->
              task {
                  let scope, other = newScope (), newScope ()
                  let first = owned scope "alice" bench |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                  let! firstKey = Ask.store bench.Driver first
                  let second = owned scope "alice" bench |> tombstone (newKey ())
                  let! secondKey = Ask.store bench.Driver second
                  let! _ = Ask.store bench.Driver (owned scope "bob" bench)
                  let! _ = Ask.store bench.Driver (owned other "alice" bench)
                  let! _ = Ask.store bench.Driver (live scope bench.Now)
                  let later = bench.Now + TimeSpan.FromMinutes 30.
                  let! touched = Ask.touch bench.Driver firstKey later
                  touched |> Expect.isTrue "touched"
                  do! lists bench "both of alice" scope "alice" [ firstKey; secondKey ]
                  let! found = list bench scope "alice"

                  for item in found do
                      if item.Key = firstKey then
                          item.Record |> shouldBe "the touched record" (SessionRecord.touch later first)
                      else
                          item.Record |> shouldBe "the tombstone" second

                  do! lists bench "of nobody" scope (newOwner ()) []
              }

          test "promise 27: owners that are almost the same are different owners"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let long = String('o', 4_000)

                  let owners =
                      [ "alice"
                        "Alice"
                        "ALICE"
                        "alice "
                        " alice"
                        "al%ce"
                        "al_ce"
                        "al*ce"
                        "alice\u0000"
                        "alice\u0000b"
                        "alic\u00e9"
                        "alice\u0301"
                        "straße"
                        "strasse"
                        "ı"
                        "i"
                        "日本"
                        "日\u200b本"
                        "𝔘"
                        "\ufffd"
                        "alice:bob"
                        "alice/bob"
                        long + "1"
                        long + "2" ]

                  let scopes = [ scope; scope.ToUpperInvariant(); $"{scope} "; $"{scope}:a" ]
                  let mutable stored = []

                  for scope in scopes do
                      for owner in owners do
                          let! key = Ask.store bench.Driver (owned scope owner bench)
                          stored <- (scope, owner, key) :: stored

                  for scope, owner, key in stored do
                      do! lists bench $"\"{owner.Substring(0, min 20 owner.Length)}\"" scope owner [ key ]
              }

          test "promise 27: an owner and a scope that are joined differently are different"
          <| fun bench ->
              task {
                  let name = Guid.NewGuid().ToString "N"

                  for separator in [ ":"; "/"; "\u0000"; "|"; " "; "\u001f" ] do
                      let! key = Ask.store bench.Driver (owned $"{name}{separator}a" "b" bench)
                      let! other = Ask.store bench.Driver (owned name $"a{separator}b" bench)
                      do! lists bench "in the longer scope" $"{name}{separator}a" "b" [ key ]
                      do! lists bench "in the shorter scope" name $"a{separator}b" [ other ]
              }

          test "promise 27: many records come in pages of at most 100, each record once"
          <| fun bench ->
              task {
                  for count in [ 100; 101; 263 ] do
                      let scope = newScope ()
                      let keys = Array.init count (fun _ -> newKey ())
                      do! createAll bench keys (fun _ -> owned scope "alice" bench)
                      do! lists bench $"{count} of them" scope "alice" (List.ofArray keys)
              }

          test "promise 27: a page that is to begin at a text that no page ended with raises ArgumentException"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  do! createAll bench (Array.init 101 (fun _ -> newKey ())) (fun _ -> owned scope "alice" bench)
                  let! first = page bench.Owners scope "alice" None
                  let next = first.Next |> Option.defaultWith (fun () -> failtest "101 records, and no page follows")

                  let mangled =
                      [ ""
                        " "
                        "next"
                        "\u0000"
                        "'"
                        "\u00e9\ud83d\ude00"
                        $"{next}!"
                        $" {next}"
                        next.Substring(0, next.Length - 1)
                        String('9', 5_000) ]

                  for text in mangled do
                      let! refused =
                          task {
                              try
                                  let! _ = bench.Owners.List scope "alice" (Some text) CancellationToken.None
                                  return "a page"
                              with
                              | :? ArgumentException -> return "ArgumentException"
                              | e -> return e.GetType().Name
                          }

                      refused |> Expect.equal $"\"{text.Substring(0, min 40 text.Length)}\"" "ArgumentException"

                  let! second = page bench.Owners scope "alice" (Some next)
                  second.Items.Length |> Expect.equal "the true place" 1
              }

          test "promise 27: a record that stays is listed once, whatever comes and goes"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let record _ = owned scope "alice" bench
                  let steady = Array.init 160 (fun _ -> newKey ())
                  let leaving = Array.init 120 (fun _ -> newKey ())
                  do! createAll bench (Array.append steady leaving) record
                  let next what (page: OwnedPage) =
                      match page.Next with
                      | Some _ as next -> next
                      | None -> failtest $"{what}: 160 records stand, and no page follows"

                  // What goes stood on pages already seen too: a page that is counted from the start would begin too late.
                  let! first = page bench.Owners scope "alice" None
                  do!
                      Crowd.run leaving.Length (fun n ->
                          task {
                              let! _ = Ask.delete bench.Driver leaving[n]
                              ()
                          })
                  let! second = page bench.Owners scope "alice" (next "the first page" first)
                  // And what comes: it would begin too early.
                  let coming = Array.init 120 (fun _ -> newKey ())
                  do! createAll bench coming record

                  let! later =
                      match second.Next with
                      | Some _ as next -> rest bench.Owners scope "alice" next second.Items
                      | None -> Task.FromResult second.Items

                  let found = keyTexts (first.Items @ later)
                  found |> Expect.equal "each at most once" (List.distinct found)

                  for key in steady do
                      if not (List.contains (StoreKey.toText key) found) then
                          failtest "a record that stood all the while was not listed"

                  do! lists bench "afterwards" scope "alice" [ yield! steady; yield! coming ]
              }

          test
              "promise 28: an ended record is listed as long as it may live by another clock, and not once it is purged"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let record () = owned scope "alice" bench |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                  let! key = Ask.store bench.Driver (record ())
                  let! touchedKey = Ask.store bench.Driver (record ())
                  let! isTouched = Ask.touch bench.Driver touchedKey (bench.Now + TimeSpan.FromMinutes 30.)
                  isTouched |> Expect.isTrue "touched"
                  bench.Clock.Advance(TimeSpan.FromMinutes 20. + SessionDriver.clockTolerance - TimeSpan.FromTicks 1L)
                  let! _ = Ask.purge bench.Driver
                  do! lists bench "both" scope "alice" [ key; touchedKey ]

                  if not under.ExpiresByItself then
                      bench.Clock.Advance(TimeSpan.FromTicks 1L)
                      let! _ = Ask.purge bench.Driver
                      do! lists bench "the one that was touched" scope "alice" [ touchedKey ]
                      bench.Clock.Advance(TimeSpan.FromMinutes 10.)
                      let! _ = Ask.purge bench.Driver
                      do! lists bench "none" scope "alice" []
              }

          test "promise 27: a record is listed under the owner that it has now"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let first = live scope bench.Now
                  let! key = Ask.store bench.Driver first

                  let become (before: SessionRecord) owner =
                      task {
                          let after = before |> again |> withOwner owner
                          let! replaced = Ask.replace bench.Driver key before.Version after
                          replaced |> Ask.isReplaced $"%A{owner}"
                          return after
                      }

                  let! record = become first (Some "alice")
                  do! lists bench "alice's" scope "alice" [ key ]
                  let! record = become record (Some "bob")
                  do! lists bench "no longer alice's" scope "alice" []
                  do! lists bench "bob's" scope "bob" [ key ]
                  let! record = become record None
                  do! lists bench "nobody's" scope "bob" []
                  let! record = become record (Some "alice")
                  do! lists bench "alice's again" scope "alice" [ key ]
                  let! _ = Ask.delete bench.Driver key
                  do! lists bench "deleted" scope "alice" []
                  let! isCreated = Ask.create bench.Driver key (record |> again |> withOwner (Some "bob"))
                  isCreated |> Expect.isTrue "created anew"
                  do! lists bench "not by its older entry" scope "alice" []
                  do! lists bench "bob's once more" scope "bob" [ key ]
              }

          test "promise 27: a create that is refused leaves nothing in the index that does harm"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let record = owned scope "alice" bench
                  let! key = Ask.store bench.Driver record
                  let! isCreated = Ask.create bench.Driver key (owned scope "mallory" bench)
                  isCreated |> Expect.isFalse "it exists"
                  do! lists bench "not mallory's" scope "mallory" []
                  do! lists bench "alice's" scope "alice" [ key ]
                  let! late = Ask.replace bench.Driver key (newVersion ()) (owned scope "mallory" bench)
                  late |> Ask.isConflict "a late write" record
                  do! lists bench "nor by a late write" scope "mallory" []
                  do! lists bench "still alice's" scope "alice" [ key ]
              }

          test "promise 27: the index entry is there as soon as the record is"
          <| fun bench ->
              task {
                  let! other = bench.OpenAnother()
                  let scope = newScope ()

                  for round in 1..40 do
                      let key = newKey ()
                      let owner = $"alice {round}"
                      let creating = Task.Run<bool>(fun () -> Ask.create other key (owned scope owner bench))
                      let mutable isThere = false

                      while not isThere do
                          let! loaded = Ask.load bench.Driver key
                          isThere <- loaded.IsSome

                      do! lists bench "listed at once" scope owner [ key ]
                      let! isCreated = creating
                      isCreated |> Expect.isTrue "created"
              } ]
