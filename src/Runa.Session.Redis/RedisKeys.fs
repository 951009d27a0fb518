namespace Runa.Session

open System
open StackExchange.Redis

/// The names of everything the driver keeps. No command names two of them, so that a cluster may keep each where it likes.
[<Sealed>]
type internal RedisKeys(prefix: string) =
    let records = prefix + "s:"

    /// The length keeps apart what any two texts would spell alike.
    let named kind (scope: string) owner = $"{prefix}{kind}:{scope.Length}:{scope}:{owner}"

    /// What SCAN takes for a pattern, taken literally.
    let literal (text: string) = String.collect (fun c -> if "*?[]^\\".Contains c then $"\\{c}" else string c) text

    /// A hash: one record.
    member _.Record(key: StoreKey) : RedisKey = RedisKey.op_Implicit (records + StoreKey.toText key)

    /// A sorted set: the store keys of one owner's records, by absolute end.
    member _.Owner(scope: string, owner: string) : RedisKey = RedisKey.op_Implicit (named "o" scope owner)

    /// A number that ending all sessions of the owner changes.
    member _.OwnerEpoch(scope: string, owner: string) : RedisKey = RedisKey.op_Implicit (named "e" scope owner)

    /// A number that ending all sessions of the scope changes. Its kind differs: no owner could spell it.
    member _.ScopeEpoch(scope: string) : RedisKey = RedisKey.op_Implicit $"{prefix}a:{scope}"

    /// A SCAN pattern of all records.
    member _.AllRecords = literal records + "*"

    /// The store key of a record's name; None for the name of anything else.
    member _.TryStoreKey(key: RedisKey) : StoreKey option =
        match string key with
        | name when name.StartsWith(records, StringComparison.Ordinal) ->
            StoreKey.ofText (name.Substring records.Length)
        | _ -> None
