namespace Runa.Session

open System
open StackExchange.Redis

/// The names of everything the driver keeps. No command names two of them but the renaming of a record that is being taken
/// away, to a name of the same slot: so a cluster may keep each where it likes.
[<Sealed>]
type internal RedisKeys(prefix: string, slotOf: RedisKey -> int) =
    let records = prefix + "s:"

    /// The length keeps apart what any two texts would spell alike.
    let named kind (scope: string) owner = $"{prefix}{kind}:{scope.Length}:{scope}:{owner}"

    /// What SCAN takes for a pattern, taken literally.
    let literal (text: string) = String.collect (fun c -> if "*?[]^\\".Contains c then $"\\{c}" else string c) text

    let record (key: StoreKey) : RedisKey = RedisKey.op_Implicit (records + StoreKey.toText key)

    /// A hash: one record.
    member _.Record(key: StoreKey) : RedisKey = record key

    /// Where a record stands while it is taken away, in the slot of its own name. Always the same one, so that whoever tries
    /// again finds what the one before left half done.
    member _.Taken(key: StoreKey) : RedisKey =
        let text = StoreKey.toText key
        let slot = slotOf (record key)

        seq {
            // With braces in the prefix; without any; and with such as no slot can be read from.
            yield $"{prefix}d:{text}"
            yield $"{prefix}d:{{{records}{text}}}"
            yield! Seq.initInfinite (fun n -> $"{prefix}d:{n}:{text}")
        }
        |> Seq.map (fun (name: string) -> RedisKey.op_Implicit name)
        |> Seq.find (fun name -> slotOf name = slot)

    /// A sorted set: the store keys of one owner's records, by absolute end.
    member _.Owner(scope: string, owner: string) : RedisKey = RedisKey.op_Implicit (named "o" scope owner)

    /// A number that ending all sessions of the owner changes.
    member _.OwnerEpoch(scope: string, owner: string) : RedisKey = RedisKey.op_Implicit (named "e" scope owner)

    /// A number that ending all sessions of the scope changes. Its kind differs: no owner could spell it.
    member _.ScopeEpoch(scope: string) : RedisKey = RedisKey.op_Implicit $"{prefix}a:{scope}"

    /// A SCAN pattern of all records.
    member _.AllRecords = literal records + "*"

    /// The store key of a record's name; None for the name of anything else.
    member _.TryStoreKey(name: string) : StoreKey option =
        if name.StartsWith(records, StringComparison.Ordinal) then
            StoreKey.ofText (name.Substring records.Length)
        else
            None
