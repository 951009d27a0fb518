/// Drivers that go by one node's clock.
module Runa.Session.Tests.ClockMutants

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Threading
open System.Threading.Tasks
open Runa.Session
open Runa.Session.Tests.DocumentDriver
open Runa.Session.Tests.Spoilt

let private ends =
    "promise 28: what has ended by a clock 5 minutes ahead lives on for the others, whatever that node sweeps"

let private withLoad (change: SessionRecord -> SessionRecord voption) (driver: SessionDriver) =
    { driver with
        Load =
            fun key token ->
                valueTask (fun () ->
                    task {
                        let! found = driver.Load key token
                        return ValueOption.bind change found
                    }) }

let private hidesEnded (clock: TimeProvider) =
    withLoad (fun record ->
        if SessionRecord.isExpired (clock.GetUtcNow()) record then
            ValueNone
        else
            ValueSome record)

let private listsLiving (clock: TimeProvider) =
    withOwners (fun index ->
        { index with
            List =
                fun scope owner from token ->
                    valueTask (fun () ->
                        task {
                            let! page = index.List scope owner from token
                            let now = clock.GetUtcNow()

                            return
                                { page with
                                    Items =
                                        page.Items
                                        |> List.filter (fun item -> not (SessionRecord.isExpired now item.Record)) }
                        }) })

/// Sweeps what has ended at that moment.
let private sweepsAt (moment: unit -> DateTimeOffset) (store: DocumentStore) (driver: SessionDriver) =
    { driver with
        PurgeExpired =
            fun token ->
                valueTask (fun () ->
                    task {
                        let until = moment ()

                        let keys =
                            lock store (fun () ->
                                [ for KeyValue(key, row) in store.Rows do
                                      if row.Ends <= until then
                                          key ])

                        let! deleted = driver.DeleteMany keys token
                        return deleted.Length
                    }) }

/// How long each record is kept, as its writer said.
let private kept = ConditionalWeakTable<DocumentStore, ConcurrentDictionary<StoreKey, DateTimeOffset>>()

let mutants: StoreMutant list =
    [ "the sweep has no margin", ends, fun store clock driver -> driver |> sweepsAt clock.GetUtcNow store

      "a touch deletes what it finds ended",
      ends,
      fun _ _ driver ->
          { driver with
              Touch =
                  fun key idleExpiresAt token ->
                      valueTask (fun () ->
                          task {
                              match! driver.Touch key idleExpiresAt token with
                              | true -> return true
                              | false ->
                                  let! _ = driver.Delete key token
                                  return false
                          }) }

      "the store keeps a record as long as its writer's clock says, without a margin",
      ends,
      fun store clock driver ->
          let until = kept.GetValue(store, (fun _ -> ConcurrentDictionary()))
          // The store's own clock is that of the first who opened it.
          let own = until.GetOrAdd(StoreKey.ofBytes (ReadOnlySpan(Array.zeroCreate 16)), clock.GetUtcNow())
          let ahead = clock.GetUtcNow() - own

          let write key (record: SessionRecord) = until[key] <- SessionRecord.endsAt record - ahead

          { driver with
              Create =
                  fun key record token ->
                      write key record
                      driver.Create key record token
              Replace =
                  fun key version record token ->
                      write key record
                      driver.Replace key version record token
              Load =
                  fun key token ->
                      match until.TryGetValue key with
                      | true, at when at <= clock.GetUtcNow() - ahead -> ValueTask<_> ValueNone
                      | _ -> driver.Load key token }

      "the sweep has no margin",
      "promise 11, 28: a purge deletes all that ended longer than 5 minutes ago, counts it, and leaves what lives or may live by another clock",
      fun store clock driver -> driver |> sweepsAt clock.GetUtcNow store

      "the sweep follows the wall clock wherever it goes",
      "promise 28: a clock that jumps three hours ahead, and back, has swept away nobody's session",
      fun store clock driver -> driver |> sweepsAt (fun () -> clock.GetUtcNow() - SessionDriver.clockTolerance) store

      "what has ended by this node's clock is not there",
      "promise 4, 9, 28: a node 5 minutes ahead still finds a tombstone of two minutes, and a logout its successor",
      fun _ clock driver -> hidesEnded clock driver

      "tombstones are not there",
      "promise 4, 9, 28: after a sign-in on one node, the old cookie starts nothing on another, and ends the session",
      fun _ _ driver ->
          driver
          |> withLoad (fun record -> if SessionRecord.isTombstone record then ValueNone else ValueSome record)

      "what has ended by this node's clock is not listed",
      "promise 27, 28: a node 5 minutes ahead lists and ends what has ended by its own clock only",
      fun _ clock driver -> listsLiving clock driver

      "what has just ended is not listed",
      "promise 28: an ended record is listed as long as it may live by another clock, and not once it is purged",
      fun _ clock driver -> listsLiving clock driver

      "what has ended by this node's clock is not ended with its owner",
      "promise 27, 28: an owner's sessions end on every node, whichever clock began or ends them",
      fun _ clock driver -> listsLiving clock driver

      "what was written by a clock that is ahead is not there yet",
      "promise 12, 28: nodes whose clocks differ take turns at one session, and no change is lost",
      fun _ clock driver ->
          driver
          |> withLoad (fun record ->
              if record.State.LastSeenAt > clock.GetUtcNow() then
                  ValueNone
              else
                  ValueSome record)

      "a write is stamped with this node's clock",
      "promise 28: touches and writes of nodes whose clocks differ follow each other, and none is lost",
      fun _ clock driver ->
          driver
          |> withRecord (fun record -> { record with State = { record.State with LastSeenAt = clock.GetUtcNow() } })

      "a load deletes what it finds ended",
      "promise 28: what a node 5 minutes ahead calls ended is not ended by it for the others",
      fun _ clock driver ->
          { driver with
              Load =
                  fun key token ->
                      valueTask (fun () ->
                          task {
                              match! driver.Load key token with
                              | ValueSome record when SessionRecord.isExpired (clock.GetUtcNow()) record ->
                                  let! _ = driver.Delete key token
                                  return ValueNone
                              | found -> return found
                          }) } ]
