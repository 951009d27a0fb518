/// Wrong counts.
module Runa.Session.Tests.CountMutants

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Runa.Session
open Runa.Session.Tests.DocumentDriver
open Runa.Session.Tests.Spoilt

/// Counts the records of the scope that `isCounted` picks.
let private counting (isCounted: SessionRecord -> bool) (store: DocumentStore) (driver: SessionDriver) =
    driver
    |> SessionDriver.withCount (fun scope _ ->
        lock store (fun () ->
            let records =
                [ for row in store.Rows.Values do
                      let record = RecordFormat.read (ReadOnlySpan row.Document)

                      if row.Scope = scope && isCounted record then
                          record ]

            let signedIn = records |> List.filter _.State.Owner.IsSome
            let count: SessionCount = { Sessions = int64 records.Length; SignedIn = int64 signedIn.Length }
            ValueTask<SessionCount> count))

let private isLive (clock: TimeProvider) (record: SessionRecord) =
    not (SessionRecord.isTombstone record || SessionRecord.isExpired (clock.GetUtcNow()) record)

/// The clock of who opened the store first.
let private firstClock = ConditionalWeakTable<DocumentStore, TimeProvider>()

let mutants: StoreMutant list =
    [ "tombstones are counted",
      "live sessions of the scope are counted, and nothing else",
      fun store clock driver ->
          driver |> counting (fun record -> not (SessionRecord.isExpired (clock.GetUtcNow()) record)) store

      "a change of ids counts a session twice",
      "a replace and a change of ids leave the count as it is",
      fun store clock driver ->
          driver |> counting (fun record -> not (SessionRecord.isExpired (clock.GetUtcNow()) record)) store

      "what has ended is counted until it is purged",
      "a session that has ended by the driver's clock is not counted",
      fun store _ driver -> driver |> counting (SessionRecord.isTombstone >> not) store

      "a touch is not seen by the count",
      "promise 7: a session that is touched in time stays counted, until its new idle end",
      fun store clock driver ->
          let idleEnds = ConcurrentDictionary<RecordVersion, DateTimeOffset>()

          let first (record: SessionRecord) =
              let ends = record.IdleExpiresAt |> ValueOption.defaultValue record.State.ExpiresAt
              clock.GetUtcNow() < idleEnds.GetOrAdd(record.Version, ends)

          { counting (fun record -> isLive clock record && first record) store driver with
              Create =
                  fun key record token ->
                      first record |> ignore
                      driver.Create key record token }

      "a node counts by the clock of the store's first",
      "promise 28: each node counts by its own clock",
      fun store clock driver ->
          let first = firstClock.GetValue(store, (fun _ -> clock))
          driver |> counting (isLive first) store ]
