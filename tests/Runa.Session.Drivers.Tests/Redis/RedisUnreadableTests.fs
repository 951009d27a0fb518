module Runa.Session.Tests.RedisUnreadableTests

open System
open System.IO
open System.Text
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

let private scope = "tests/web"
let private text (value: string) : RedisValue = RedisValue.op_Implicit value

let private rewrite (corner: Corner) (key: StoreKey) (change: string -> string) : Task =
    RedisHands.rewrite corner.Connection corner.Prefix key (fun document ->
        Encoding.UTF8.GetBytes(change (Encoding.UTF8.GetString document)))

let private overwrite (at: int) (by: string) (corner: Corner) (key: StoreKey) : Task =
    corner.Database.StringSetRangeAsync(corner.Name key, at, text by)

let private replaceBy (value: string) (corner: Corner) (key: StoreKey) : Task =
    corner.Database.StringSetAsync(corner.Name key, text value)

/// What became of a record, and whether it still says whose it is.
let private damages: (string * bool * (Corner -> StoreKey -> Task)) list =
    [ "damaged", true, (fun corner key -> rewrite corner key (fun document -> document.Substring(0, 40)))
      "of a newer format",
      true,
      (fun corner key -> rewrite corner key _.Replace("\"format\":1", "\"format\":2,\"more\":{}"))
      "without a version", true, overwrite RedisHead.versionAt "                "
      "with another version", true, overwrite RedisHead.versionAt "0123456789abcdef"
      "without its end", true, overwrite RedisHead.expiresAt (String(' ', 28))
      "with another end", true, overwrite RedisHead.expiresAt "2031"
      "with an idle end that is no time", true, overwrite RedisHead.idleExpiresAt "soon"
      "of a newer layout", false, overwrite 0 "runa2"
      "with a length that is no number", false, overwrite RedisHead.scopeLengthAt "-0000009"
      "with a length that is too large", false, overwrite RedisHead.ownerLengthAt "99999999"
      "nothing but its head's beginning",
      false,
      (fun corner key ->
          task {
              let! head = corner.Database.StringGetRangeAsync(corner.Name key, 0L, 60L)
              do! replaceBy (string head) corner key
          })
      "an empty text", false, replaceBy ""
      "a number", false, replaceBy "17"
      "a text", false, replaceBy "text"
      "a hash of somebody else's",
      false,
      (fun corner key ->
          task {
              let! _ = corner.Database.KeyDeleteAsync(corner.Name key)
              let! _ = corner.Database.HashSetAsync(corner.Name key, text "something", text "else")
              ()
          })
      "a list",
      false,
      (fun corner key ->
          task {
              let! _ = corner.Database.KeyDeleteAsync(corner.Name key)
              let! _ = corner.Database.ListLeftPushAsync(corner.Name key, text "text")
              ()
          }) ]

let private each name (body: Corner -> bool -> (StoreKey -> Task) -> Task<unit>) =
    testList
        name
        [ for label, saysWhose, damage in damages do
              bothWays label (fun corner -> body corner saysWhose (damage corner)) ]

let private create (corner: Corner) (record: SessionRecord) : Task<StoreKey> =
    task {
        let key = newKey ()
        let! _ = corner.Driver.Create key record none
        return key
    }

let rec private pages (corner: Corner) place (items, unreadable) : Task<OwnedRecord list * StoreKey list> =
    task {
        let! page = corner.Owners.List scope "alice" place none
        let found = items @ page.Items, unreadable @ page.Unreadable

        match page.Next with
        | Some _ as next -> return! pages corner next found
        | None -> return found
    }

let private raisesUnreadable (work: unit -> Task) = raises<InvalidDataException> "" work

[<Tests>]
let tests =
    testList
        "Redis, unreadable"
        [ each "promise 17: it is told, not overwritten, and gone once it is deleted" (fun corner _ damage ->
              task {
                  let mine = record corner.Clock |> ofOwner "alice" |> idleUntil (corner.Now.AddMinutes 20.)
                  let! key = create corner mine
                  do! damage key
                  do! raisesUnreadable (fun () -> (corner.Driver.Load key none).AsTask())
                  let other = changed "3" mine

                  do!
                      raisesUnreadable (fun () ->
                          (corner.Driver.Replace key other.Version (changed "4" mine) none).AsTask())

                  let! created = corner.Driver.Create key mine none
                  created |> Expect.isFalse "created"
                  let! _ = corner.Driver.Touch key (corner.Now.AddMinutes 30.) none
                  do! raisesUnreadable (fun () -> (corner.Driver.Load key none).AsTask())
                  do! raisesUnreadable (fun () -> (corner.Driver.Delete key none).AsTask())
                  let! again = corner.Driver.Delete key none
                  again |> Expect.equal "deleted" ValueNone
                  let! created = corner.Driver.Create key mine none
                  created |> Expect.isTrue "created anew"
              })

          each "promise 27: a listing tells of it beside all others, until it is deleted" (fun corner _ damage ->
              task {
                  let alice = record corner.Clock |> ofOwner "alice"
                  let! others = Task.WhenAll [ for _ in 1..120 -> create corner alice ]
                  let! broken = create corner alice
                  do! damage broken


                  let! items, unreadable = pages corner None ([], [])
                  items.Length |> Expect.equal "readable" 120
                  unreadable |> List.map StoreKey.toText |> Expect.equal "unreadable" [ StoreKey.toText broken ]
                  let! deleted = corner.Driver.DeleteMany [ broken; others[0]; newKey () ] none

                  deleted
                  |> List.map (fun deleted -> StoreKey.toText deleted.Key, deleted.Record)
                  |> List.sortBy fst
                  |> Expect.equal
                      "deleted"
                      (List.sortBy
                          fst
                          [ StoreKey.toText broken, ValueNone; StoreKey.toText others[0], ValueSome alice ])

                  let! items, unreadable = pages corner None ([], [])
                  (items.Length, unreadable) |> Expect.equal "the rest" (119, [])
              })

          each
              "promise 27: ending all of a name ends it, too, and nothing of another name"
              (fun corner saysWhose damage ->
                  task {
                      let! here = Task.WhenAll [ for _ in 1..150 -> create corner (record corner.Clock) ]
                      let! there = create corner { record corner.Clock with Scope = "tests/admin" }
                      let! broken = create corner (record corner.Clock)
                      let! brokenThere = create corner { record corner.Clock with Scope = "tests/admin" }
                      do! damage broken
                      do! damage brokenThere
                      let! deleted = corner.Owners.DeleteAll scope none
                      deleted |> Expect.equal "living ones" 150

                      for key in Seq.append [ broken ] here do
                          let! exists = corner.Database.KeyExistsAsync(corner.Name key)
                          exists |> Expect.isFalse "gone"

                      let! found = corner.Driver.Load there none
                      found.IsSome |> Expect.isTrue "the other name's"
                      let! exists = corner.Database.KeyExistsAsync(corner.Name brokenThere)
                      exists |> Expect.equal "the other name's that cannot be read, if it says so" saysWhose
                  })

          bothWays "promise 27: a record that went to somebody else, and cannot be read, is that one's" (fun corner ->
              task {
                  let mine = record corner.Clock |> ofOwner "alice"
                  let! key = create corner mine
                  let! _ = corner.Driver.Replace key mine.Version (changed "2" mine |> ofOwner "bob") none
                  do! rewrite corner key (fun document -> document.Substring(0, 40))
                  let! ofAlice = corner.Owners.List scope "alice" None none
                  let! ofBob = corner.Owners.List scope "bob" None none
                  ofAlice.Unreadable |> Expect.isEmpty "alice's"
                  ofBob.Unreadable.Length |> Expect.equal "bob's" 1
              })

          redisTest "promise 27: an index that somebody replaced by a text hides nobody" (fun () ->
              task {
                  let! corner = corner RedisScripting.Auto
                  let! key = create corner (record corner.Clock |> ofOwner "alice")
                  let name: RedisKey = RedisKey.op_Implicit $"{corner.Prefix}o:9:{scope}:alice"
                  let! _ = corner.Database.StringSetAsync(name, text "text")
                  let! page = corner.Owners.List scope "alice" None none
                  page.Items
                  |> List.map (fun item -> StoreKey.toText item.Key)
                  |> Expect.equal "listed" [ StoreKey.toText key ]
              }) ]
