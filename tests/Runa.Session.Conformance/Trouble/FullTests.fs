/// A store that is full, and refuses what needs room.
module internal Runa.Session.Conformance.FullTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists
open Runa.Session.Conformance.Sites

let private large = "\"" + String('x', 20_000) + "\""

/// What a full store does not take: where the driver calls that certain, it is not there.
let private refused (what: string) (driver: SessionDriver) (write: unit -> Task<'T>) (isThere: unit -> Task<bool>) =
    task {
        match! Ask.raised write with
        | None -> failtest $"{what}: the store is full, and takes it"
        | Some e ->
            if driver.IsRefusal e then
                let! isThere = isThere ()
                isThere |> Expect.isFalse $"{what}: called refused, and there all the same"
    }

let private records (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.Fill :: needs)

    [ test [ Need.Store ] "promise 9, 17: a full store takes nothing new, still reads, and deletes"
      <| fun bench ->
          task {
              let scope = newScope ()
              let record = live scope bench.Now |> withOwner (Some "alice")
              let keys = Array.init 12 (fun _ -> newKey ())
              do! createAll bench keys (fun _ -> record)
              do! bench.Fill()
              let fresh = newKey ()

              do!
                  refused
                      "a new record"
                      bench.Driver
                      (fun () -> Ask.create bench.Driver fresh (again record |> withValue "large" large))
                      (fun () ->
                          task {
                              let! loaded = Ask.load bench.Driver fresh
                              return loaded.IsSome
                          })

              let next = again record |> withValue "large" large

              do!
                  refused
                      "a larger record"
                      bench.Driver
                      (fun () -> Ask.replace bench.Driver keys[0] record.Version next)
                      (fun () ->
                          task {
                              let! loaded = Ask.load bench.Driver keys[0]
                              return loaded.IsSome && loaded.Value.Version = next.Version
                          })

              let! loaded = Ask.load bench.Driver keys[1]
              loaded |> shouldBeThere "read" record
              let! deleted = Ask.delete bench.Driver keys[1]
              deleted |> shouldBeThere "deleted" record
              let! deleted = Ask.deleteMany bench.Driver (List.ofArray keys[2..10])
              deleted |> Expect.hasLength "deleted at once" 9

              for key in keys[1..10] do
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone "deleted"

              do! bench.MakeRoom()
              let! loaded = Ask.load bench.Driver keys[11]
              loaded |> shouldBeThere "what was left alone" record

              if bench.Driver.Owners.IsSome then
                  let! found = list bench scope "alice"
                  let found = keyTexts found

                  for key in keys[1..10] do
                      found |> List.contains (StoreKey.toText key) |> Expect.isFalse "listed"

              let! _ = Ask.store bench.Driver (again record |> withValue "large" large)
              return ()
          }

      test
          [ Need.Owners ]
          "promise 9, 27: DeleteAll ends all of a scope on a full store, also where it then says what failed"
      <| fun bench ->
          task {
              let scope, elsewhere = newScope (), newScope ()
              let keys = Array.init 30 (fun _ -> newKey ())
              do! createAll bench keys (fun n -> if n % 2 = 0 then owned scope "alice" bench else live scope bench.Now)
              let! kept = Ask.store bench.Driver (owned elsewhere "alice" bench)
              do! bench.Fill()
              let! failure = Ask.raised (fun () -> (bench.Owners.DeleteAll scope CancellationToken.None).AsTask())

              for key in keys do
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone $"after DeleteAll (which raised: {failure.IsSome})"

              let! loaded = Ask.load bench.Driver kept
              loaded.IsSome |> Expect.isTrue "of another scope"
          } ]

let private sessions (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.Fill :: needs)

    let saysSo (work: unit -> Task<'T>) : Task<bool> =
        task {
            try
                let! _ = work ()
                return false
            with :? SessionStoreException ->
                return true
        }

    [ test [ Need.Store ] "promise 9: a sign-out ends the session on a full store"
      <| fun bench ->
          task {
              use site = start bench

              for begin' in [ increment; increment >> Session.signIn "alice" ] do
                  let browser = Browser()
                  let! _ = site.Step browser begin'
                  let stale = browser.Copy()
                  do! bench.Fill()
                  let! _ = site.Step browser Session.signOut
                  let! alive = isAlive site stale
                  alive |> Expect.isFalse "on the full store"
                  do! bench.MakeRoom()
                  let! alive = isAlive site stale
                  alive |> Expect.isFalse "after it"
          }

      test [ Need.Store ] "promise 14, 25: a full store fails what must be written, and the session goes on as it was"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let! _ = site.Step browser (Session.set visits 1)
              do! bench.Fill()

              let fills = Session.set text (String('x', 20_000)) >> Session.set visits 2

              try
                  let! _ = site.Step browser fills
                  failtest "the store is full, and the change was answered"
              with :? SessionStoreException as e ->
                  do! bench.MakeRoom()
                  let! session = site.Load browser
                  let found = Session.tryGet visits session

                  if not (found = Some 1 || (e.MayHaveBeenSaved && found = Some 2)) then
                      failtest $"after the refusal it holds %A{found}"

              let! _ = site.Step browser (Session.set visits 3)
              let! session = site.Load browser
              Session.tryGet visits session |> Expect.equal "written again" (Some 3)
          }

      test
          [ Need.Owners ]
          "promise 9, 27: an owner's sessions, and everybody's, end on a full store, or it is said what is left"
      <| fun bench ->
          task {
              use site = start bench
              let! browsers = Task.WhenAll [ for _ in 1..5 -> signedIn site "alice" ]
              let! bob = signedIn site "bob"
              do! bench.Fill()
              let! isTold = saysSo (fun () -> site.RevokeOwner "alice")

              for browser in browsers do
                  let! alive = isAlive site browser
                  alive |> Expect.isFalse $"alice's, told: {isTold}"

              let! alive = isAlive site bob
              alive |> Expect.isTrue "bob's"
              let! isTold = saysSo (fun () -> SessionRegistry.revokeAll "web" CancellationToken.None site.Registry)
              let! alive = isAlive site bob
              alive |> Expect.isFalse $"bob's, told: {isTold}"
              do! bench.MakeRoom()
              let! again = signedInAfterwards site "alice"
              let! alive = isAlive site again
              alive |> Expect.isTrue "a later sign-in"
          } ]

let tests (under: DriverUnderTest) : Test = testList "full" (records under @ sessions under)
