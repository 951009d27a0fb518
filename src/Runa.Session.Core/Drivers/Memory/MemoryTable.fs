namespace Runa.Session

open System.Collections.Concurrent
open System.Collections.Generic

/// Entries by store key, in many small dictionaries, so that one that grows delays only its own writers.
[<Sealed>]
type internal MemoryTable() =
    let parts = Array.init 64 (fun _ -> ConcurrentDictionary<StoreKey, MemoryEntry>(4, 31))
    // The dictionaries hash by the low half of the key, so this uses the high half.
    let part (key: StoreKey) = parts[int (key.High >>> 58)]

    member _.TryFind(key: StoreKey) : MemoryEntry | null =
        match (part key).TryGetValue key with
        | true, entry -> entry
        | _ -> null

    member _.TryAdd(entry: MemoryEntry) : bool = (part entry.Key).TryAdd(entry.Key, entry)

    member _.Remove(entry: MemoryEntry) = (part entry.Key).TryRemove(KeyValuePair(entry.Key, entry)) |> ignore

    /// All entries, without blocking anybody. Entries that come and go meanwhile may be among them.
    member _.All: seq<MemoryEntry> =
        seq {
            for part in parts do
                for KeyValue(_, entry) in part do
                    entry
        }
