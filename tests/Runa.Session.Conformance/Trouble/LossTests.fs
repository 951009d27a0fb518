/// A store that loses what it holds: it evicts records, or the index of an owner.
module internal Runa.Session.Conformance.LossTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists
open Runa.Session.Conformance.Sites

let private lostRecords (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.DropRecord :: needs)

    [ test
          [ Need.Store ]
          "promise 9: a record that the store lost is gone: nothing writes it again, and its key is free"
      <| fun bench ->
          task {
              let scope = newScope ()
              let record =
                  live scope bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.) |> withOwner (Some "alice")
              let! key = Ask.store bench.Driver record
              let! other = Ask.store bench.Driver (again record)
              do! bench.DropRecord key
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeGone "lost"
              let! isTouched = Ask.touch bench.Driver key (bench.Now + TimeSpan.FromMinutes 30.)
              isTouched |> Expect.isFalse "a touch"
              let! replaced = Ask.replace bench.Driver key record.Version (again record)
              replaced |> Ask.isMissing "a write"
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeGone "still"
              let! deleted = Ask.deleteMany bench.Driver [ key ]
              deleted |> Expect.isEmpty "nothing to delete"
              let! deleted = Ask.delete bench.Driver key
              deleted |> shouldBeGone "nor at once"

              if bench.Driver.Owners.IsSome then
                  do! lists bench "the other one" scope "alice" [ other ]

              let next = again record
              let! isCreated = Ask.create bench.Driver key next
              isCreated |> Expect.isTrue "created anew"
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeThere "the new one" next
          }

      test
          [ Need.Owners ]
          "promise 27: where the store lost some of an owner's records, the others are listed and ended"
      <| fun bench ->
          task {
              use site = start bench
              let! browsers = System.Threading.Tasks.Task.WhenAll [ for _ in 1..4 -> signedIn site "alice" ]

              for browser in Array.take 2 browsers do
                  let! key = site.KeyOf browser
                  do! bench.DropRecord key

              let! found = site.ForOwner "alice"
              found |> Expect.hasLength "listed" 2
              let! ended = site.RevokeOwner "alice"
              ended |> Expect.equal "ended" 2

              for browser in browsers do
                  let! alive = isAlive site browser
                  alive |> Expect.isFalse "alive"
          }

      test
          [ Need.Store ]
          "promise 10: a session that the store lost is an expired one, and the next write starts another"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let! _ = site.Step browser (Session.set visits 7)
              let before = browser.Values
              let! key = site.KeyOf browser
              do! bench.DropRecord key
              let! session = site.Load browser
              Session.status session |> Expect.equal "its status" SessionStatus.Expired
              let! _ = site.Step browser increment
              browser.Values |> Expect.notEqual "a fresh id" before
              let! session = site.Load browser
              Session.tryGet visits session |> Expect.equal "begun anew" (Some 1)
          } ]

let private lostIndexes (under: DriverUnderTest) =
    let test = Bench.test under [ Need.Owners; Need.DropIndex ]

    [ test "promise 27: an owner's index that the store lost is rebuilt by touches, writes and sign-ins"
      <| fun bench ->
          task {
              let scope = newScope ()
              let record () = owned scope "alice" bench |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
              let! touched = Ask.store bench.Driver (record ())
              let replaced = record ()
              let! replacedKey = Ask.store bench.Driver replaced
              let! bobs = Ask.store bench.Driver (owned scope "bob" bench)
              do! bench.DropIndex scope "alice"
              let! isTouched = Ask.touch bench.Driver touched (bench.Now + TimeSpan.FromMinutes 25.)
              isTouched |> Expect.isTrue "touched"
              do! lists bench "after a touch" scope "alice" [ touched ]
              let! result = Ask.replace bench.Driver replacedKey replaced.Version (again replaced)
              result |> Ask.isReplaced "a write"
              do! lists bench "after a write" scope "alice" [ touched; replacedKey ]
              let! created = Ask.store bench.Driver (record ())
              do! lists bench "after a sign-in" scope "alice" [ touched; replacedKey; created ]
              do! lists bench "bob's" scope "bob" [ bobs ]
              let! _ = Ask.delete bench.Driver touched
              do! lists bench "after a deletion" scope "alice" [ replacedKey; created ]
          }

      test "promise 9, 27: sessions that were asked for since their owner's index was lost are ended with it"
      <| fun bench ->
          task {
              use site = start bench
              let! reading = signedIn site "alice"
              let! writing = signedIn site "alice"
              let! key = site.KeyOf reading
              let! record = Ask.load bench.Driver key
              do! bench.DropIndex record.Value.Scope "alice"
              bench.Clock.Advance(TimeSpan.FromMinutes 3.)
              // A touch is due.
              let! _ = site.Step reading id
              let! _ = site.Step writing increment
              let! ended = site.RevokeOwner "alice"
              ended |> Expect.equal "both" 2

              for browser in [ reading; writing ] do
                  let! alive = isAlive site browser
                  alive |> Expect.isFalse "alive"
          }

      test "promise 27: everybody's sessions end though an owner's index was lost"
      <| fun bench ->
          task {
              let scope = newScope ()
              let! key = Ask.store bench.Driver (owned scope "alice" bench)
              do! bench.DropIndex scope "alice"
              let! ended = bench.Owners.DeleteAll scope CancellationToken.None
              ended |> Expect.equal "one" 1
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeGone "ended"
          } ]

let tests (under: DriverUnderTest) : Test = testList "losses" (lostRecords under @ lostIndexes under)
