namespace Runa.Session

#nowarn 3391

open System
open System.Collections.Generic
open Microsoft.Extensions.Logging

/// Answers the calls of the driver memory. Other drivers are compared with it.
[<Sealed>]
type internal MemoryStore(clock: TimeProvider, log: ILogger, maxSessions: int, maxBytes: int64) =
    let records = MemoryRecords(clock, log, maxSessions, maxBytes)
    // The order of uses in milliseconds is enough for eviction, and costs a tenth of a precise timestamp.
    let isCoarse = Object.ReferenceEquals(clock, TimeProvider.System)
    let usedAt () = if isCoarse then Environment.TickCount64 else clock.GetTimestamp()

    let loadPacked (key: StoreKey) : SessionRecord voption =
        let now = usedAt ()

        records.ChangeAt(
            key,
            ValueNone,
            fun shard number ->
                let record = records.Read(shard, number)
                ValueSome record, records.Use(shard, number, record, now)
        )

    /// The number of records, tombstones included.
    member _.Count = records.Count

    member _.Bytes = records.Bytes
    member _.Usage = records.Usage
    member _.Owners = records.Owners

    /// The stored record. This does not count as a use.
    member _.Peek(key: StoreKey) : SessionRecord voption =
        records.ChangeAt(key, ValueNone, (fun shard number -> ValueSome(records.Read(shard, number)), -1))

    member _.Load(key: StoreKey) : SessionRecord voption =
        let shard = records.ShardOf key

        match shard.Hot.TryFind key with
        | null -> loadPacked key
        | hot ->
            hot.IsUsed <- true
            (shard.At hot.Number).LastUse <- usedAt ()
            ValueSome hot.Record

    member _.Create(key: StoreKey, record: SessionRecord) : bool =
        let now = usedAt ()

        records.Change(
            key,
            fun shard ->
                if shard.Find key >= 0 then
                    false, -1
                else
                    true, records.Add(shard, key, record, now)
        )

    member _.Replace(key: StoreKey, expected: RecordVersion, record: SessionRecord) : ReplaceResult =
        let now = clock.GetUtcNow().UtcTicks

        records.ChangeAt(
            key,
            ReplaceResult.Missing,
            fun shard number ->
                if (shard.At number).Ends <= now then
                    ReplaceResult.Missing, -1
                elif PackedHead.version (shard.Packed number) <> expected then
                    ReplaceResult.Conflict(records.Read(shard, number)), -1
                else
                    ReplaceResult.Replaced, records.Replace(shard, number, record)
        )

    member _.Touch(key: StoreKey, idleExpiresAt: DateTimeOffset) : bool =
        let now = clock.GetUtcNow().UtcTicks

        records.ChangeAt(
            key,
            false,
            fun shard number ->
                if (shard.At number).Ends <= now then
                    false, -1
                else
                    true, records.Touch(shard, number, idleExpiresAt)
        )

    member _.Delete(key: StoreKey) : SessionRecord voption =
        records.ChangeAt(
            key,
            ValueNone,
            fun shard number ->
                let record = records.Read(shard, number)
                records.Remove(shard, number)
                ValueSome record, -1
        )

    member store.DeleteMany(keys: StoreKey list) : DeletedRecord list =
        [ for key in keys do
              match store.Delete key with
              | ValueSome _ as record -> ({ Key = key; Record = record }: DeletedRecord)
              | ValueNone -> () ]

    /// Deletes what has ended by the clock of every node, unless the clock has just jumped (promise 28).
    member _.PurgeExpired() : int =
        let until = records.SweepTime.UtcTicks - SessionRecord.clockTolerance.Ticks
        let mutable purged = 0

        for shard in records.Shards do
            purged <-
                purged
                + shard.Each(fun number ->
                    if (shard.At number).Ends <= until then
                        records.Remove(shard, number)
                        1
                    else
                        0)

            lock shard.Turn (fun () -> shard.Hot.Cool())

        records.Owners.Trim()
        records.FlushWarnings()
        purged

    /// The owner's records, ended or not, in the order of their keys' bytes: at most `most` after the key `from`. Raises
    /// ArgumentException for a `from` that is no Next of a page.
    member store.List(scope: string, owner: string, from: string option, most: int) : OwnedPage =
        let after = from |> Option.map PagePlace.key |> Option.toValueOption
        let struct (keys, hasMore) = records.Owners.Page(scope, owner, after, most)

        { Items =
            [ for key in keys do
                  match store.Peek key with
                  | ValueSome record when record.Scope = scope && record.State.Owner = Some owner ->
                      ({ Key = key; Record = record }: OwnedRecord)
                  | _ -> () ]
          Unreadable = []
          Next = if hasMore then Some(StoreKey.toText keys[keys.Length - 1]) else None }

    member _.CountLive(scope: string) : SessionCount =
        let now = clock.GetUtcNow().UtcTicks
        let mutable signedIn = 0L

        let all =
            records.Shards
            |> Seq.sumBy (fun shard ->
                shard.Each(fun number ->
                    let entry = &shard.At number

                    let isCounted =
                        entry.Ends > now
                        && not entry.IsTombstone
                        && PackedHead.scope (Span.op_Implicit (shard.Packed number)) = scope

                    if isCounted && entry.HasOwner then
                        signedIn <- signedIn + 1L

                    if isCounted then 1 else 0))

        { Sessions = int64 all; SignedIn = signedIn }

    member store.DeleteAll(scope: string) : int =
        records.Owners.AdvanceAll scope
        let now = clock.GetUtcNow()
        let mutable deleted = 0

        let rec delete key =
            match store.Delete key with
            | ValueSome record ->
                match record.Kind with
                | RecordKind.Moved successor -> delete successor
                | RecordKind.Live
                | RecordKind.Sealed _ ->
                    if not (SessionRecord.isExpired now record) then
                        deleted <- deleted + 1
            | ValueNone -> ()

        let keys = List<StoreKey>()

        for shard in records.Shards do
            keys.Clear()

            shard.Each(fun number ->
                if PackedHead.scope (Span.op_Implicit (shard.Packed number)) = scope then
                    keys.Add (shard.At number).Key

                0)
            |> ignore

            Seq.iter delete keys

        deleted
