/// Records that cannot be read: damaged, or of a newer version of the library.
module internal Runa.Session.Conformance.UnreadableTests

open System
open System.Text
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists
open Runa.Session.Conformance.Sites

let private replaceText (from: string) (into: string) (document: byte[]) : byte[] =
    let text = Encoding.UTF8.GetString document

    // Documents of a form of their own have another way of being new.
    if text.Contains from then
        Encoding.UTF8.GetBytes(text.Replace(from, into))
    else
        document[.. document.Length / 3]

let private damages: (string * (byte[] -> byte[])) list =
    [ "cut off", (fun document -> document[.. document.Length / 2])
      "emptied", (fun _ -> [||])
      "of another form", (fun _ -> "{}"B)
      "of a newer format", replaceText "\"format\":1," "\"format\":999,"
      "with what is not known yet", replaceText "\"scope\":" "\"later\":true,\"scope\":" ]

let private records (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.Rewrite :: needs)

    [ test
          [ Need.Store ]
          "promise 17: a record that cannot be read is told as such, is not overwritten by Create, and can be deleted"
      <| fun bench ->
          task {
              for what, damage in damages do
                  let record = live (newScope ()) bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                  let! key = Ask.store bench.Driver record
                  do! bench.Rewrite key damage
                  do! Ask.isUnreadable $"Load ({what})" (fun () -> Ask.load bench.Driver key)
                  let! isCreated = Ask.create bench.Driver key (again record)
                  isCreated |> Expect.isFalse $"Create ({what})"
                  do! Ask.isUnreadable $"Load after Create ({what})" (fun () -> Ask.load bench.Driver key)

                  let onlyUnreadable (ask: unit -> Task<'T>) =
                      task {
                          match! Ask.raised ask with
                          | None
                          | Some(:? IO.InvalidDataException) -> ()
                          | Some e -> failtest $"a write ({what}) raised {e.GetType().Name}"
                      }

                  do! onlyUnreadable (fun () -> Ask.touch bench.Driver key (bench.Now + TimeSpan.FromMinutes 30.))
                  do! Ask.isUnreadable $"Load after Touch ({what})" (fun () -> Ask.load bench.Driver key)
                  // A version that was never there replaces nothing.
                  do!
                      onlyUnreadable (fun () ->
                          task {
                              match! Ask.replace bench.Driver key (newVersion ()) (again record) with
                              | ReplaceResult.Replaced -> failtest $"a write ({what}) replaced what it did not know"
                              | _ -> ()
                          })

                  do! Ask.isUnreadable $"Load after Replace ({what})" (fun () -> Ask.load bench.Driver key)
                  do! Ask.isUnreadable $"Delete ({what})" (fun () -> Ask.delete bench.Driver key)
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone $"deleted ({what})"
                  let! isCreated = Ask.create bench.Driver key record
                  isCreated |> Expect.isTrue $"created anew ({what})"
          }

      test [ Need.Store ] "promise 17: DeleteMany removes records that cannot be read with the others, and says which"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now
              let keys = damages |> List.map (fun _ -> newKey ())
              do! createAll bench (Array.ofList keys) (fun _ -> record)

              for key, (_, damage) in List.zip keys damages do
                  do! bench.Rewrite key damage

              let! good = Ask.store bench.Driver record
              let! deleted = Ask.deleteMany bench.Driver (good :: keys)
              deleted |> Expect.hasLength "each once" (keys.Length + 1)

              for found in deleted do
                  if found.Key = good then
                      found.Record |> shouldBeThere "the one that can be read" record
                  else
                      found.Record |> shouldBeGone "of one that cannot"

              for key in keys do
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone "deleted"
          }

      test
          [ Need.Owners ]
          "promise 27: an owner's records that cannot be read are listed as such, beside the others, and end with all"
      <| fun bench ->
          task {
              let scope = newScope ()
              let keys = damages |> List.map (fun _ -> newKey ())
              do! createAll bench (Array.ofList keys) (fun _ -> owned scope "alice" bench)

              for key, (_, damage) in List.zip keys damages do
                  do! bench.Rewrite key damage

              let good = Array.init 120 (fun _ -> newKey ())
              do! createAll bench good (fun _ -> owned scope "alice" bench)
              let! pages = pages bench.Owners scope "alice" None
              let texts = List.map StoreKey.toText >> List.sort
              pages
              |> List.collect _.Items
              |> keyTexts
              |> Expect.equal "what can be read" (texts (List.ofArray good))
              pages |> List.collect _.Unreadable |> texts |> Expect.equal "what cannot" (texts keys)
              // A sweep goes on past them.
              let! _ = Ask.purge bench.Driver
              let! ended = bench.Owners.DeleteAll scope CancellationToken.None
              (ended, good.Length) |> Expect.isGreaterThanOrEqual "at least those that lived"

              for key in [ yield! keys; yield! good ] do
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone "after DeleteAll"
          } ]

let private sessions (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.Rewrite :: needs)

    [ test
          [ Need.Store ]
          "promise 17: a session that cannot be read does not break its browser: it reads as ended, and the next write starts another"
      <| fun bench ->
          task {
              use site = start bench

              for what, damage in damages do
                  let browser = Browser()
                  let! _ = site.Step browser (Session.set visits 7)
                  let! key = site.KeyOf browser
                  do! bench.Rewrite key damage
                  let! alive = isAlive site browser
                  alive |> Expect.isFalse $"it counts as gone ({what})"
                  let before = browser.Values
                  let! _ = site.Step browser increment
                  browser.Values |> Expect.notEqual $"a fresh id ({what})" before
                  let! session = site.Load browser
                  Session.tryGet visits session |> Expect.equal $"begun anew ({what})" (Some 1)
          }

      test
          [ Need.Store ]
          "promise 9, 17: a sign-out under a session that cannot be read succeeds, and leaves nothing of it"
      <| fun bench ->
          task {
              use site = start bench

              for what, damage in damages do
                  let! browser = signedIn site "alice"
                  let! key = site.KeyOf browser
                  do! bench.Rewrite key damage
                  let! _ = site.Step browser Session.signOut
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone what
                  browser.Values |> Expect.isEmpty $"its cookie ({what})"
          }

      test
          [ Need.Owners ]
          "promise 27: one record that cannot be read keeps no other session of its owner from being listed and ended"
      <| fun bench ->
          task {
              use site = start bench

              for what, damage in damages do
                  let owner = newOwner ()
                  let! browsers = Task.WhenAll [ for _ in 1..3 -> signedIn site owner ]
                  let! key = site.KeyOf browsers[1]
                  do! bench.Rewrite key damage
                  let! found = site.ForOwner owner
                  found |> Expect.hasLength $"listed ({what})" 2
                  let! mine = site.Load browsers[0]
                  let! ended = SessionRegistry.revokeOthers mine CancellationToken.None site.Registry
                  (ended, 1) |> Expect.isGreaterThanOrEqual $"the others ({what})"
                  let! alive = isAlive site browsers[2]
                  alive |> Expect.isFalse $"another one ({what})"
                  let! alive = isAlive site browsers[0]
                  alive |> Expect.isTrue $"its own ({what})"
                  let! _ = site.RevokeOwner owner
                  let! alive = isAlive site browsers[0]
                  alive |> Expect.isFalse $"its own, ended ({what})"
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone $"what could not be read ({what})"
          } ]

let tests (under: DriverUnderTest) : Test = testList "unreadable records" (records under @ sessions under)
