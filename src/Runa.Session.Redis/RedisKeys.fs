namespace Runa.Session

open System
open System.Buffers.Text
open System.Text
open StackExchange.Redis

/// The names of all keys of the driver. No command uses two keys, so a cluster may keep each key on any node.
[<Sealed>]
type internal RedisKeys(prefix: string) =
    let records = prefix + "s:"
    let recordBytes = Encoding.UTF8.GetBytes records

    /// The length keeps names apart that would otherwise be spelled alike.
    let named kind (scope: string) owner = $"{prefix}{kind}:{scope.Length}:{scope}:{owner}"

    /// The text with the special characters of a SCAN pattern escaped.
    let literal (text: string) = String.collect (fun c -> if "*?[]^\\".Contains c then $"\\{c}" else string c) text

    /// The key of a record, which is a text.
    member _.Record(key: StoreKey) : RedisKey =
        let name = Array.zeroCreate<byte>(recordBytes.Length + 22)
        recordBytes.CopyTo(name, 0)
        Base64Url.EncodeToUtf8(ReadOnlySpan(StoreKey.toBytes key), Span(name, recordBytes.Length, 22))
        |> ignore
        RedisKey.op_Implicit name

    /// The key of an owner's index: a sorted set of store keys, by absolute end.
    member _.Owner(scope: string, owner: string) : RedisKey = RedisKey.op_Implicit (named "o" scope owner)

    /// The key of an owner's epoch, which changes when all sessions of the owner are ended.
    member _.OwnerEpoch(scope: string, owner: string) : RedisKey = RedisKey.op_Implicit (named "e" scope owner)

    /// The key of a scope's epoch, which changes when all sessions of the scope are ended. It has another letter, so no
    /// owner's key can equal it.
    member _.ScopeEpoch(scope: string) : RedisKey = RedisKey.op_Implicit $"{prefix}a:{scope}"

    /// The SCAN pattern for all records.
    member _.AllRecords = literal records + "*"

    /// The store key in the name of a record. None: it is the name of something else.
    member _.TryStoreKey(name: string) : StoreKey option =
        if name.StartsWith(records, StringComparison.Ordinal) then
            StoreKey.ofText (name.Substring records.Length)
        else
            None
