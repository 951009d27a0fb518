/// The owner index: listing, epochs, ending everything of a scope.
module internal Runa.Session.Conformance.OwnerTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records

/// One page, which is never longer than it may be.
let private page (index: OwnerIndex) scope owner from : Task<OwnedPage> =
    task {
        let! page = index.List scope owner from CancellationToken.None
        (page.Items.Length, 100) |> Expect.isLessThanOrEqual "a page is at most 100"
        return page
    }

/// All pages, from a place on.
let rec private rest (index: OwnerIndex) scope owner (from: string option) (found: OwnedRecord list) =
    task {
        let! page = page index scope owner from

        match page.Next with
        | Some _ as next -> return! rest index scope owner next (found @ page.Items)
        | None -> return found @ page.Items
    }

let private list (bench: Bench) scope owner : Task<OwnedRecord list> = rest bench.Owners scope owner None []

let private keyTexts (items: OwnedRecord list) : string list =
    items |> List.map (fun item -> StoreKey.toText item.Key) |> List.sort

/// The listing is exactly these keys, each once.
let private lists (bench: Bench) (what: string) scope owner (keys: StoreKey list) =
    task {
        let! found = list bench scope owner
        keyTexts found |> Expect.equal what (keys |> List.map StoreKey.toText |> List.sort)
    }

let private owned scope owner (bench: Bench) = live scope bench.Now |> withOwner (Some owner)

let private createAll (bench: Bench) (keys: StoreKey[]) (record: int -> SessionRecord) =
    Crowd.run keys.Length (fun n ->
        task {
            let! isCreated = Ask.create bench.Driver keys[n] (record n)
            isCreated |> Expect.isTrue "created"
        })

let private listing (under: DriverUnderTest) =
    let test name = Bench.test under [ Need.Owners ] name

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

      test "promise 27: what stands all the while is listed once, whatever comes and goes"
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

      test "promise 7: what has expired is not listed"
      <| fun bench ->
          task {
              let scope = newScope ()
              let! _ =
                  Ask.store bench.Driver (owned scope "alice" bench |> withIdle (bench.Now + TimeSpan.FromMinutes 20.))
              let touched = owned scope "alice" bench |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
              let! key = Ask.store bench.Driver touched
              let! isTouched = Ask.touch bench.Driver key (bench.Now + TimeSpan.FromMinutes 30.)
              isTouched |> Expect.isTrue "touched"
              bench.Clock.Advance(TimeSpan.FromMinutes 20.)
              do! lists bench "the one that was touched" scope "alice" [ key ]
              bench.Clock.Advance(TimeSpan.FromMinutes 10.)
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

let private epochs (under: DriverUnderTest) =
    let test name = Bench.test under [ Need.Owners ] name

    let epoch (index: OwnerIndex) scope owner = (index.Epoch scope owner CancellationToken.None).AsTask()

    let advance (index: OwnerIndex) scope owner = (index.Advance scope owner CancellationToken.None).AsTask()

    [ test "promise 4, 27: an epoch changes with each Advance of its owner, never back, and by nothing else"
      <| fun bench ->
          task {
              let! another = bench.OpenAnother()
              let other = another.Owners.Value
              let scope, elsewhere = newScope (), newScope ()
              let! bob = epoch bench.Owners scope "bob"
              let! alsoAlice = epoch bench.Owners elsewhere "alice"
              let mutable seen = []

              for _ in 1..30 do
                  let! now = epoch bench.Owners scope "alice"
                  let! again = epoch other scope "alice"
                  again |> Expect.equal "the same for another process" now
                  seen <- now :: seen
                  do! advance (if seen.Length % 2 = 0 then other else bench.Owners) scope "alice"

              let! last = epoch bench.Owners scope "alice"
              let seen = last :: seen
              seen |> List.distinct |> Expect.hasLength "31 epochs, each another" 31
              let! key = Ask.store bench.Driver (owned scope "alice" bench)
              let! _ = Ask.delete bench.Driver key
              let! after = epoch bench.Owners scope "alice"
              after |> Expect.equal "not by creating and deleting" last
              let! bobAfter = epoch bench.Owners scope "bob"
              bobAfter |> Expect.equal "nor bob's" bob
              let! elsewhereAfter = epoch bench.Owners elsewhere "alice"
              elsewhereAfter |> Expect.equal "nor of another scope" alsoAlice
          }

      test "promise 27: DeleteAll changes the epoch of every owner of its scope, and of no other scope"
      <| fun bench ->
          task {
              let scope, elsewhere = newScope (), newScope ()
              do! advance bench.Owners scope "bob"
              let! _ = Ask.store bench.Driver (owned scope "carol" bench)
              let owners = [ "bob"; "carol"; "nobody" ]
              let! before = Task.WhenAll [ for owner in owners -> epoch bench.Owners scope owner ]
              let! others = Task.WhenAll [ for owner in owners -> epoch bench.Owners elsewhere owner ]
              let! _ = bench.Owners.DeleteAll scope CancellationToken.None
              let! after = Task.WhenAll [ for owner in owners -> epoch bench.Owners scope owner ]
              let! othersAfter = Task.WhenAll [ for owner in owners -> epoch bench.Owners elsewhere owner ]

              for before, after in Array.zip before after do
                  after |> Expect.notEqual "changed" before

              othersAfter |> Expect.equal "elsewhere" others
          } ]

/// A session that changes its id again and again, as regenerate does, until it finds itself ended.
[<Sealed>]
type private Mover(driver: SessionDriver) =
    let mutable moves = 0
    let mutable keys: StoreKey list = []

    member _.Moves = Volatile.Read &moves
    member _.Keys = keys

    member mover.Run (key: StoreKey) (record: SessionRecord) : Task<unit> =
        task {
            keys <- key :: keys
            let next, nextKey = again record, newKey ()
            let! isCreated = Ask.create driver nextKey next
            isCreated |> Expect.isTrue "created"

            match! Ask.replace driver key record.Version (record |> tombstone nextKey) with
            | ReplaceResult.Replaced when Interlocked.Increment &moves > 2_000 ->
                failtest "it moved on and on after everything was ended"
            | ReplaceResult.Replaced -> return! mover.Run nextKey next
            | _ ->
                let! _ = Ask.delete driver nextKey
                ()
        }

let private ending (under: DriverUnderTest) =
    let test name = Bench.test under [ Need.Owners ] name

    [ test "promise 27: DeleteAll ends all of its scope, owned or not, counts the living, and leaves other scopes"
      <| fun bench ->
          task {
              let scope, elsewhere = newScope (), newScope ()
              let! kept = Ask.store bench.Driver (owned elsewhere "alice" bench)
              let! keptToo = Ask.store bench.Driver (live $"{scope}s" bench.Now)
              let keys = Array.init 260 (fun _ -> newKey ())

              do!
                  createAll bench keys (fun n ->
                      if n % 2 = 0 then owned scope $"owner {n % 7}" bench else live scope bench.Now)

              let successor = newKey ()
              let! stone = Ask.store bench.Driver (owned scope "alice" bench |> tombstone successor)
              let! isCreated = Ask.create bench.Driver successor (owned scope "alice" bench)
              isCreated |> Expect.isTrue "created"
              let! deleted = bench.Owners.DeleteAll scope CancellationToken.None
              deleted |> Expect.equal "as many as lived" (keys.Length + 1)

              for key in [ yield! keys; successor; stone ] do
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone "of the scope"

              do! lists bench "no longer listed" scope "alice" []

              for key in [ kept; keptToo ] do
                  let! loaded = Ask.load bench.Driver key
                  if loaded.IsNone then
                      failtest "a record of another scope is gone"

              do! lists bench "still listed" elsewhere "alice" [ kept ]
              let! again = bench.Owners.DeleteAll scope CancellationToken.None
              again |> Expect.equal "a second time" 0
          }

      test "promise 4, 9, 27: a session that changes its id again and again does not outlive DeleteAll"
      <| fun bench ->
          task {
              let! other = bench.OpenAnother()
              let scope = newScope ()

              for round in 1..15 do
                  let first = owned scope "alice" bench
                  let! firstKey = Ask.store other first
                  let mover = Mover(other)
                  let moving = Task.Run<unit>(fun () -> mover.Run firstKey first)

                  while mover.Moves < round % 4 && not moving.IsCompleted do
                      do! Task.Yield()

                  let! _ = bench.Owners.DeleteAll scope CancellationToken.None
                  do! moving

                  for key in mover.Keys do
                      let! loaded = Ask.load bench.Driver key

                      match loaded with
                      | ValueSome record when not (SessionRecord.isTombstone record) ->
                          failtest "a session is alive after everything was ended"
                      | _ -> ()
          } ]

let tests (under: DriverUnderTest) : Test = testList "owners" (listing under @ epochs under @ ending under)
