/// The owner index: epochs, and ending everything of a scope.
module internal Runa.Session.Conformance.EndingTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists

let private epochs (under: DriverUnderTest) =
    let test name = Bench.test under [ Need.Owners ] name

    let epoch (index: OwnerIndex) scope owner : Task<int64> =
        task {
            let! epoch = index.Epoch scope owner CancellationToken.None
            return epoch.Number
        }

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
    let mutable hasEnded = false
    let mutable keys: StoreKey list = []

    member _.Moves = Volatile.Read &moves
    member _.Keys = keys

    /// From now on everything has been ended: the move that is under way is its last.
    member _.MustEnd() = Volatile.Write(&hasEnded, true)

    member _.Run (firstKey: StoreKey) (first: SessionRecord) : Task<unit> =
        task {
            let mutable key, record = firstKey, first
            let mutable movesLeft = 2
            keys <- [ key ]

            while movesLeft > 0 do
                // Before the move: one that began earlier may still succeed.
                if Volatile.Read &hasEnded then
                    movesLeft <- movesLeft - 1

                let next, nextKey = again record, newKey ()
                let! isCreated = Ask.create driver nextKey next
                isCreated |> Expect.isTrue "created"

                match! Ask.replace driver key record.Version (record |> tombstone nextKey) with
                | ReplaceResult.Replaced when movesLeft = 0 -> failtest "it moved on and on after everything was ended"
                | ReplaceResult.Replaced ->
                    Interlocked.Increment &moves |> ignore
                    keys <- nextKey :: keys
                    key <- nextKey
                    record <- next
                | _ ->
                    let! _ = Ask.delete driver nextKey
                    movesLeft <- 0
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

let tests (under: DriverUnderTest) : Test = testList "ending" (epochs under @ ending under)
