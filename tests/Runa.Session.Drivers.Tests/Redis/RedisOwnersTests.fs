module Runa.Session.Tests.RedisOwnersTests

open System
open System.IO
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

let private scope = "tests/web"

let private ownerKey (corner: Corner) (owner: string) : RedisKey =
    RedisKey.op_Implicit $"{corner.Prefix}o:{scope.Length}:{scope}:{owner}"

let private create (corner: Corner) (record: SessionRecord) : Task<StoreKey> =
    task {
        let key = newKey ()
        let! _ = corner.Driver.Create key record none
        return key
    }

let private pages (corner: Corner) (owner: string) : Task<OwnedRecord list list> =
    let rec from place (found: OwnedRecord list list) =
        task {
            let! page = corner.Owners.List scope owner place none

            match page.Next with
            | Some _ as next -> return! from next (page.Items :: found)
            | None -> return List.rev (page.Items :: found)
        }

    from None []

let private listed corner owner : Task<string list> =
    task {
        let! found = pages corner owner
        return found |> List.concat |> List.map (fun item -> StoreKey.toText item.Key) |> List.sort
    }

let private texts (keys: StoreKey seq) = keys |> Seq.map StoreKey.toText |> Seq.sort |> List.ofSeq

[<Tests>]
let tests =
    testList
        "RedisOwners"
        [ bothWays
              "promise 27, 28: a listing goes on page by page, and shows each session once, also of one end, and those that may live by another node's clock"
              (fun corner ->
                  task {
                      let alice = record corner.Clock |> ofOwner "alice"

                      let! living =
                          Task.WhenAll
                              [ for n in 1..250 ->
                                    // 150 of one end, more than a page.
                                    let ends =
                                        if n <= 150 then
                                            corner.Now.AddHours 1.
                                        else
                                            corner.Now.AddMinutes(60. + float n)
                                    create corner (alice |> until ends) ]

                      let! expired = create corner (alice |> until (corner.Now.AddMinutes 1.))
                      let! idle = create corner (alice |> idleUntil (corner.Now.AddMinutes 1.))
                      let! _ = create corner (record corner.Clock |> ofOwner "bob")
                      corner.Clock.Advance(TimeSpan.FromMinutes 1.)
                      let! pages = pages corner "alice"
                      pages
                      |> List.map _.Length
                      |> List.max
                      |> (fun n -> Expecto.Expect.isLessThanOrEqual n 100 "at most a hundred")
                      let found = pages |> List.concat |> List.map _.Key |> texts
                      found |> Expect.equal "each once" (texts (Seq.append [ expired; idle ] living))
                  })

          bothWays "promise 27: a listing skips nothing while others are ended and added" (fun corner ->
              task {
                  let alice = record corner.Clock |> ofOwner "alice"
                  let passing = alice |> until (corner.Now.AddMinutes 1.)

                  let! gone = Task.WhenAll [ for _ in 1..100 -> create corner passing ]
                  let! living = Task.WhenAll [ for _ in 1..150 -> create corner alice ]
                  let! first = corner.Owners.List scope "alice" None none
                  // The hundred that the first page showed.
                  let! deleted = corner.Driver.DeleteMany (List.ofArray gone) none
                  deleted.Length |> Expect.equal "deleted" 100
                  let! members = corner.Database.SortedSetLengthAsync(ownerKey corner "alice")
                  members |> Expect.equal "entries of them are gone, too" 150L
                  let! added = create corner alice
                  let! second = corner.Owners.List scope "alice" first.Next none
                  let! third = corner.Owners.List scope "alice" second.Next none
                  first.Items.Length |> Expect.equal "the first page" 100

                  second.Items @ third.Items
                  |> List.map _.Key
                  |> texts
                  |> Expect.equal "the others" (texts (Seq.append [ added ] living))
              })

          bothWays
              "promise 28: each add trims entries that ended long ago and whose records are gone, by no clock; the set ends after its latest member"
              (fun corner ->
                  task {
                      let corner = nowadays corner
                      let alice = record corner.Clock |> ofOwner "alice"
                      let at (minutes: float) = alice |> until (corner.Now.AddMinutes minutes)

                      let minutesLeft () =
                          match corner.Database.KeyTimeToLive(ownerKey corner "alice") with
                          | left when left.HasValue -> Math.Round left.Value.TotalMinutes
                          | _ -> nan

                      let! short = create corner (at 10.)
                      minutesLeft () |> Expect.equal "of one" 16.
                      let! long = create corner (at 100.)
                      minutesLeft () |> Expect.equal "longer" 106.
                      let! there = create corner (at 10.)
                      let! gone = create corner (at 10.)
                      minutesLeft () |> Expect.equal "not shortened" 106.
                      // As Redis does when its time has come.
                      let! _ = corner.Database.KeyDeleteAsync [| corner.Name short; corner.Name gone |]
                      // A node whose clock is three hours ahead: by it, all have ended.
                      let ahead = beside (TimeSpan.FromHours 3.) corner
                      let! last = create ahead (at 400.)
                      let members () =
                          corner.Database.SortedSetRangeByRank(ownerKey corner "alice")
                          |> Seq.map string
                          |> Seq.sort
                          |> List.ofSeq

                      // Trimming is not waited for.
                      let wanted = texts [ long; there; last ]
                      let began = Diagnostics.Stopwatch.StartNew()

                      while members () <> wanted && began.Elapsed < TimeSpan.FromSeconds 30. do
                          do! Task.Delay 5

                      members () |> Expect.equal "members" wanted
                  })

          bothWays
              "promise 27: a record whose end moves, or whose owner changes, is listed until its new end"
              (fun corner ->
                  task {
                      let first = record corner.Clock |> ofOwner "alice"
                      let! key = create corner first
                      let longer = changed "2" first |> until (corner.Now.AddHours 20.)
                      let! replaced = corner.Driver.Replace key first.Version longer none
                      replaced |> Expect.equal "lengthened" ReplaceResult.Replaced
                      corner.Clock.Advance(TimeSpan.FromHours 10.)
                      // Trims what ended two hours after the beginning.
                      let! other = create corner (record corner.Clock |> ofOwner "alice")
                      let! ofAlice = listed corner "alice"
                      ofAlice |> Expect.equal "alice's" (texts [ key; other ])
                      let! replaced =
                          corner.Driver.Replace key longer.Version (changed "3" longer |> ofOwner "bob") none
                      replaced |> Expect.equal "handed over" ReplaceResult.Replaced
                      let! ofAlice = listed corner "alice"
                      let! ofBob = listed corner "bob"
                      ofAlice |> Expect.equal "alice's" (texts [ other ])
                      ofBob |> Expect.equal "bob's" (texts [ key ])
                  })

          bothWays "a shorter life does not shorten what the index knows" (fun corner ->
              task {
                  let first = record corner.Clock |> ofOwner "alice"
                  let! key = create corner first
                  let! _ = corner.Driver.Create key (first |> until (corner.Now.AddMinutes 1.)) none
                  let! score =
                      corner.Database.SortedSetScoreAsync(
                          ownerKey corner "alice",
                          RedisValue.op_Implicit (StoreKey.toText key)
                      )
                  // The fraction only keeps entries of one end apart.
                  let ends = float (first.State.ExpiresAt.ToUnixTimeMilliseconds())
                  Math.Floor score.Value |> Expect.equal "score" ends
              })

          redisTest "scopes and owners of any text are told apart" (fun () ->
              task {
                  let! corner = corner RedisScripting.Auto
                  let names = [ "a", "b:c"; "a:b", "c"; "a", ":b"; "a:", "b"; "1:a", "b"; "ä🦊", "*"; "a", "?" ]

                  for scope, owner in names do
                      let mine = { ofOwner owner (record corner.Clock) with Scope = scope }
                      let! _ = create corner mine
                      do! corner.Owners.Advance scope owner none

                  for scope, owner in names do
                      let! page = corner.Owners.List scope owner None none
                      page.Items.Length |> Expect.equal $"of {owner} in {scope}" 1
                      let! members =
                          corner.Database.SortedSetLengthAsync(
                              RedisKey.op_Implicit $"{corner.Prefix}o:{scope.Length}:{scope}:{owner}"
                          )
                      members |> Expect.equal "in a set of its own" 1L
              })

          redisTest "a place that no page named is refused" (fun () ->
              task {
                  let! corner = corner RedisScripting.Auto

                  for place in [ ""; "x"; "x:y"; "12" ] do
                      let list () = (corner.Owners.List scope "alice" (Some place) none).AsTask() :> Task
                      do! raises<ArgumentException> "Next of a page" list
              })

          redisTest
              "promise 27: an advance changes that owner's epoch only, and deleting all changes everybody's"
              (fun () ->
                  task {
                      let! corner = corner RedisScripting.Auto

                      let epochs () =
                          task {
                              let! alice = corner.Owners.Epoch scope "alice" none
                              let! bob = corner.Owners.Epoch scope "bob" none
                              let! admin = corner.Owners.Epoch "tests/admin" "alice" none
                              return alice, bob, admin
                          }

                      let! a0, b0, d0 = epochs ()
                      do! corner.Owners.Advance scope "alice" none
                      let! a1, b1, d1 = epochs ()
                      let! _ = corner.Owners.DeleteAll scope none
                      let! a2, b2, d2 = epochs ()
                      a1 |> Expect.notEqual "alice's" a0
                      (b1, d1) |> Expect.equal "others" (b0, d0)
                      a2 |> Expect.notEqual "alice's, all" a1
                      b2 |> Expect.notEqual "bob's, all" b1
                      d2 |> Expect.equal "another scope's" d1

                      for name in corner.Names do
                          let left = corner.Database.KeyTimeToLive name
                          left.HasValue |> Expect.isTrue "it expires"
                          left.Value.TotalHours |> (fun n -> Expecto.Expect.isLessThanOrEqual n 24. "within a day")
                  })

          bothWays
              "promise 27: deleting all ends every session of the scope, owned or not, and what tombstones lead to"
              (fun corner ->
                  task {
                      let plain = record corner.Clock
                      let! strangers = Task.WhenAll [ for _ in 1..230 -> create corner plain ]
                      let! owned = create corner (plain |> ofOwner "alice")
                      let! expired = create corner (plain |> until (corner.Now.AddSeconds 1.))
                      let! other = create corner { plain with Scope = "tests/admin" }
                      let! successor = create corner { plain with Scope = "elsewhere" }
                      let! moved = create corner { plain with Kind = RecordKind.Moved successor }
                      corner.Clock.Advance(TimeSpan.FromSeconds 2.)
                      let! deleted = corner.Owners.DeleteAll scope none
                      deleted |> Expect.equal "living ones" 232

                      for key in Seq.append strangers [ owned; expired; successor; moved ] do
                          let! found = corner.Driver.Load key none
                          found |> Expect.equal "gone" ValueNone

                      let! found = corner.Driver.Load other none
                      found.IsSome |> Expect.isTrue "the other scope's"
                  }) ]
