namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Stores records.
[<Sealed>]
type internal RedisStore(database: IDatabase, keys: RedisKeys, writes: IRedisWrites, clock: TimeProvider) =
    let text (key: StoreKey) = RedisValue.op_Implicit (StoreKey.toText key)

    let entry (scope: string) (owner: string) (key: StoreKey) now ends : RedisEntry =
        { Owners = keys.Owner(scope, owner); Member = text key; Now = now; EndsAt = ends }

    /// Drops index entries that ended long ago by the writer's clock, if their records are gone. That check needs no
    /// clock (promise 28).
    let trim (owners: RedisKey) (ended: RedisValue[]) : Task =
        task {
            let exist (entry: RedisValue) =
                match StoreKey.ofText (string entry) with
                | Some key -> database.KeyExistsAsync(keys.Record key, CommandFlags.DemandMaster)
                | None -> Task.FromResult false

            let! exists = ended |> Array.map exist |> Task.WhenAll
            let gone = Array.zip ended exists |> Array.filter (snd >> not) |> Array.map fst
            let! _ = database.SortedSetRemoveAsync(owners, gone)
            ()
        }

    let index (entry: RedisEntry) (token: CancellationToken) : Task<unit> =
        task {
            let! ended = writes.Index(entry, token)

            if ended.Length > 0 then
                RedisErrors.ignored (trim entry.Owners ended)
        }

    /// Writes the index entry of a record. It comes before the record, so that ending all sessions of the owner finds
    /// it.
    let indexOf (key: StoreKey) (record: SessionRecord) (now: DateTimeOffset) (token: CancellationToken) =
        match record.State.Owner with
        | Some owner -> index (entry record.Scope owner key now record.State.ExpiresAt) token
        | None -> Task.FromResult()

    // A command that was sent cannot be taken back. The caller stops waiting at its limit, so this does not wait for the
    // token as well.
    let get (key: RedisKey) (token: CancellationToken) : Task<RedisValue> =
        token.ThrowIfCancellationRequested()
        database.StringGetAsync(key, CommandFlags.DemandMaster)

    let rec load (key: RedisKey) (isSecond: bool) (token: CancellationToken) : Task<SessionRecord voption> =
        task {
            try
                let! value = get key token
                return RedisRecord.read value
            with
            | error when RedisErrors.isWrongType error -> return raise (RedisRecord.otherType ())
            | error when not isSecond && RedisErrors.isCut error -> return! load key true token
        }

    let failure (answer: Result<struct (StoreKey * RedisFound), exn>) =
        match answer with
        | Error error -> Some error
        | Ok _ -> None

    let isRemoved (struct (_, found): struct (StoreKey * RedisFound)) =
        match found with
        | RedisFound.Nothing -> false
        | RedisFound.Record _
        | RedisFound.Unreadable _ -> true

    member _.Database = database
    member _.Keys = keys
    member _.Now = clock.GetUtcNow()

    member _.Load (key: StoreKey) (token: CancellationToken) : Task<SessionRecord voption> =
        load (keys.Record key) false token

    /// Like Load, but does not raise for what cannot be read.
    member _.Find (key: StoreKey) (token: CancellationToken) : Task<RedisFound> =
        task {
            try
                let! value = RedisErrors.readTwice (fun () -> (get (keys.Record key) token).WaitAsync token)
                return RedisRecord.find value
            with error when RedisErrors.isWrongType error ->
                return RedisRecord.ofOtherType ()
        }

    member _.Create (key: StoreKey) (record: SessionRecord) (token: CancellationToken) : Task<bool> =
        task {
            let now = clock.GetUtcNow()
            do! indexOf key record now token
            return! writes.Create(RedisRecord.write now (keys.Record key) record, token)
        }

    member _.Replace (key: StoreKey) (expected: RecordVersion) (record: SessionRecord) (token: CancellationToken) =
        let now = clock.GetUtcNow()
        let write = RedisRecord.write now (keys.Record key) record

        let rec replace isIndexed : Task<ReplaceResult> =
            task {
                try
                    match! writes.Replace(expected, isIndexed, write, token) with
                    | RedisReplaced.Replaced -> return ReplaceResult.Replaced
                    | RedisReplaced.IndexDue ->
                        // Nobody waits for this: the record is stored, and its entry was written when it was created.
                        RedisErrors.ignored (indexOf key record now token)
                        return ReplaceResult.Replaced
                    | RedisReplaced.Missing -> return ReplaceResult.Missing
                    | RedisReplaced.NotIndexed ->
                        do! indexOf key record now token
                        return! replace true
                    | RedisReplaced.Conflict value ->
                        match RedisRecord.read value with
                        | ValueSome current -> return ReplaceResult.Conflict current
                        | ValueNone -> return ReplaceResult.Missing
                with error when RedisErrors.isWrongType error ->
                    return raise (RedisRecord.otherType ())
            }

        replace false

    member _.Touch (key: StoreKey) (idleExpiresAt: DateTimeOffset) (token: CancellationToken) : Task<bool> =
        task {
            let now = clock.GetUtcNow()

            match! writes.Touch(keys.Record key, now, idleExpiresAt, token) with
            | RedisTouched.Touched -> return true
            | RedisTouched.IndexDue(scope, owner, ends) ->
                RedisErrors.ignored (index (entry scope owner key now ends) token)
                return true
            | RedisTouched.Missing -> return false
        }

    /// Removes the index entries of deleted records. Nobody waits for this: listings skip entries that are left over.
    member private _.Unlist(removed: struct (StoreKey * RedisFound) seq) : unit =
        let listed =
            seq {
                for struct (key, found) in removed do
                    match found with
                    | RedisFound.Record { Scope = scope; State = { Owner = Some owner } } -> (scope, owner), text key
                    | RedisFound.Unreadable(ValueSome { RedisWhose.Scope = scope; RedisWhose.Owner = NonNull owner }, _) ->
                        (scope, owner), text key
                    | _ -> ()
            }

        for (scope, owner), entries in listed |> Seq.groupBy fst do
            database.SortedSetRemoveAsync(keys.Owner(scope, owner), entries |> Seq.map snd |> Array.ofSeq)
            |> RedisErrors.ignored

    /// Deletes a record and returns it, atomically.
    member store.Delete (key: StoreKey) (token: CancellationToken) : Task<SessionRecord voption> =
        task {
            let! found = writes.Delete(key, token)
            store.Unlist [ struct (key, found) ]

            match found with
            | RedisFound.Nothing -> return ValueNone
            | RedisFound.Record record -> return ValueSome record
            | RedisFound.Unreadable(_, error) -> return raise error
        }

    /// Deletes all of these records at once, in one round trip. If some deletions fail after others succeeded, raises
    /// an exception that is not a refusal.
    member store.TakeAll
        (wanted: StoreKey list)
        (token: CancellationToken)
        : Task<struct (StoreKey * RedisFound) list> =
        task {
            let take key =
                task {
                    try
                        let! found = writes.Delete(key, token)
                        return Ok(struct (key, found))
                    with error ->
                        return Error error
                }

            let! answers = wanted |> List.map take |> Task.WhenAll
            let taken = answers |> Array.choose Result.toOption |> List.ofArray
            store.Unlist taken

            match answers |> Array.tryPick failure with
            | None -> return taken
            | Some error ->
                match taken |> List.filter isRemoved |> List.length with
                | 0 -> return raise error
                | removed ->
                    return raise (RedisErrors.partly $"{removed} of {answers.Length} records were deleted" error)
        }

    /// Deletes many records, as the driver contract demands.
    member store.DeleteMany (wanted: StoreKey list) (token: CancellationToken) : Task<DeletedRecord list> =
        task {
            let! taken = store.TakeAll wanted token

            return
                [ for struct (key, found) in taken do
                      match found with
                      | RedisFound.Nothing -> ()
                      | RedisFound.Record record -> ({ Key = key; Record = ValueSome record }: DeletedRecord)
                      | RedisFound.Unreadable _ -> ({ Key = key; Record = ValueNone }: DeletedRecord) ]
        }
