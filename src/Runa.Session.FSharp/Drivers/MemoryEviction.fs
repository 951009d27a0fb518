namespace Runa.Session

open System

/// Which sessions leave a full memory first (promise 26): a flood of strangers must not log users out.
module internal MemoryEviction =
    /// Lower leaves earlier.
    let private rank (now: DateTimeOffset) (entry: MemoryEntry) (record: SessionRecord) =
        if SessionRecord.isExpired now record then 0
        elif record.State.Owner.IsSome then 3
        elif entry.IsSeenAgain then 2
        else 1

    /// The entries to remove, each with its record and whether it is an owned, living one: as many as leave at most
    /// `keepCount` sessions of at most `keepBytes`. Pure but for reading the entries.
    let choose
        (now: DateTimeOffset)
        (keepCount: int)
        (keepBytes: int64)
        (entries: MemoryEntry seq)
        : struct (MemoryEntry * SessionRecord * int) list =
        let ranked =
            [| for entry in entries do
                   match entry.Record with
                   | null -> ()
                   | record -> struct (rank now entry record, entry.LastUse, entry, record) |]

        let mutable count = ranked.Length
        let mutable bytes = ranked |> Array.sumBy (fun struct (_, _, _, record) -> MemoryEntry.Size record)
        Array.Sort(
            ranked,
            Comparison(fun (struct (a, x, _, _)) (struct (b, y, _, _)) -> compare (struct (a, x)) (struct (b, y)))
        )

        [ for struct (rank, _, entry, record) in ranked do
              if rank = 0 || count > keepCount || bytes > keepBytes then
                  count <- count - 1
                  bytes <- bytes - MemoryEntry.Size record
                  struct (entry, record, rank) ]
