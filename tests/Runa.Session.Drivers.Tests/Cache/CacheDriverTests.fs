module Runa.Session.Tests.CacheDriverTests

open System
open System.IO
open System.Text
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Caching.Distributed
open Runa.Session
open Runa.Session.Tests.CacheWorlds

[<Tests>]
let tests =
    testList
        "CacheDriver"
        [ testCaseTask "a record is one readable document, under the prefix and the text of its key" (fun () ->
              task {
                  let world = open' ()
                  let first = record world 1
                  let! isCreated = create world.Driver first
                  isCreated |> Expect.isTrue "created"
                  let document = Unchecked.nonNull (world.Cache.Inner.Get entry)
                  RecordFormat.read (ReadOnlySpan document) |> Expect.equal "the document" first
                  Encoding.UTF8.GetString document |> Expect.stringStarts "JSON" "{"
                  let! loaded = load world.Driver
                  loaded |> Expect.equal "loaded" (ValueSome first)
              })

          testCaseTask "another prefix keeps two applications of one cache apart" (fun () ->
              task {
                  let world = open' ()

                  let other = CacheDriver.createWith { CacheDriver.defaults with Prefix = "other:" } world.Cache

                  let! _ = create world.Driver (record world 1)
                  let! found = load other
                  found |> Expect.equal "nothing there" ValueNone
              })

          testCaseTask
              "promise 28: the cache keeps each entry a minute longer than the earlier end by a clock 5 minutes behind, whatever wrote it"
              (fun () ->
                  task {
                      let world = open' ()
                      let first = record world 1
                      let! _ = create world.Driver first
                      world.Clock.Advance minute
                      let! _ = touch world.Driver (world.Clock.GetUtcNow() + idle)
                      world.Clock.Advance minute
                      let second = { record world 2 with IdleExpiresAt = ValueNone; State = first.State }
                      let! _ = replace world.Driver first.Version second

                      world.Cache.Lifetimes
                      |> Expect.equal
                          "lifetimes"
                          [ idle + 6. * minute; idle + 6. * minute; TimeSpan.FromHours 2. - 2. * minute + 6. * minute ]
                  })

          testCaseTask
              "an entry that has ended before it is written still gets a positive expiry, as caches require"
              (fun () ->
                  task {
                      let world = open' ()
                      let old = record world 1
                      world.Clock.Advance(TimeSpan.FromHours 3.)
                      let! isCreated = create world.Driver old
                      isCreated |> Expect.isTrue "created"
                      world.Cache.Lifetimes |> Expect.equal "lifetime" [ TimeSpan.FromSeconds 1. ]
                  })

          testCaseTask
              "promise 7: a touch moves the idle end and when it was last seen, never backwards, and keeps the version"
              (fun () ->
                  task {
                      let world = open' ()
                      let first = record world 1
                      let! _ = create world.Driver first
                      world.Clock.Advance minute
                      let later = world.Clock.GetUtcNow() + idle
                      let! isTouched = touch world.Driver later
                      isTouched |> Expect.isTrue "touched"
                      let! loaded = load world.Driver
                      loaded |> Expect.equal "later" (ValueSome(SessionRecord.touch later first))
                      loaded.Value.Version |> Expect.equal "version" first.Version
                      let before = world.Cache.Calls.Length
                      let! isTouched = touch world.Driver (later - minute)
                      isTouched |> Expect.isTrue "it is there"
                      world.Cache.Calls.Length - before |> Expect.equal "only read" 1
                  })

          testCaseTask
              "promise 28: what a node ahead of this one stores is kept until its end by this one's clock"
              (fun () ->
                  task {
                      let world = open' ()
                      let ahead =
                          Microsoft.Extensions.Time.Testing.FakeTimeProvider(world.Clock.GetUtcNow() + 5. * minute)
                      let! isCreated = create (driverOn ahead world.Cache) (record world 1)
                      isCreated |> Expect.isTrue "created"
                      world.Cache.Lifetimes |> Expect.equal "lifetime" [ idle + minute ]
                  })

          testCaseTask
              "promise 17: a record that cannot be read is not overwritten by Create, not touched, and removed by Delete, which says so"
              (fun () ->
                  task {
                      let world = open' ()
                      let spoil () = world.Cache.Inner.Set(entry, "{}"B, DistributedCacheEntryOptions())

                      let isUnreadable (ask: unit -> Task<'T>) =
                          task {
                              try
                                  let! _ = ask ()
                                  return false
                              with :? InvalidDataException ->
                                  return true
                          }

                      spoil ()
                      let! isCreated = create world.Driver (record world 1)
                      isCreated |> Expect.isFalse "it exists"
                      let! isTouched = touch world.Driver (world.Clock.GetUtcNow() + idle)
                      isTouched |> Expect.isFalse "nothing to touch"
                      let! isTold =
                          isUnreadable (fun () -> replace world.Driver (RecordVersion.Next()) (record world 2))
                      isTold |> Expect.isTrue "Replace"
                      world.Cache.Inner.Get entry |> Expect.equal "as it was" "{}"B
                      let! isTold = isUnreadable (fun () -> delete world.Driver)
                      isTold |> Expect.isTrue "Delete"
                      let! found = load world.Driver
                      found |> Expect.equal "and removed" ValueNone
                      let! isCreated = create world.Driver (record world 3)
                      isCreated |> Expect.isTrue "the key is free"
                  })

          testCaseTask "promise 14: an entry that is no record raises, and does not count as missing" (fun () ->
              task {
                  let world = open' ()
                  world.Cache.Inner.Set(entry, Encoding.UTF8.GetBytes "{}", DistributedCacheEntryOptions())
                  let! e =
                      Task.Run(fun () ->
                          Expect.throwsT<InvalidDataException> "load" (fun () ->
                              (load world.Driver).GetAwaiter().GetResult() |> ignore))
                  return e
              })

          test "it states its guarantee, and that it cannot list by owner" {
              let driver = (open' ()).Driver
              driver.Guarantee |> Expect.equal "guarantee" DriverGuarantee.LastWriteWins
              driver.Owners.IsNone |> Expect.isTrue "no index"
              driver.Place.IsProcess |> Expect.isFalse "under a time limit"
          } ]
