namespace Runa

open System
open System.Buffers.Binary
open System.Buffers.Text
open System.Runtime.InteropServices

/// The key under which a driver stores a session: 128 bits derived from the browser's token and the secret, from which
/// neither can be computed (promise 1).
[<Struct; CustomEquality; NoComparison; StructuredFormatDisplay("{Display}")>]
type StoreKey internal (high: uint64, low: uint64) =
    member internal _.High = high
    member internal _.Low = low
    member private _.Display = "StoreKey"

    /// Promise 5: does not print the key, so that it is not logged by accident. ToText returns it.
    override _.ToString() = "StoreKey"

    interface IEquatable<StoreKey> with
        member _.Equals other = high = other.High && low = other.Low

    override _.Equals(other: objnull) =
        match other with
        | :? StoreKey as other -> high = other.High && low = other.Low
        | _ -> false

    // The bits come from a MAC, so any 32 of them are a good hash.
    override _.GetHashCode() = int low

    /// The 16 bytes of the key.
    member _.ToBytes() : byte[] =
        let bytes = Array.zeroCreate 16
        BinaryPrimitives.WriteUInt64BigEndian(Span bytes, high)
        BinaryPrimitives.WriteUInt64BigEndian(Span(bytes, 8, 8), low)
        bytes

    /// The key as 22 characters of base64url, for stores whose keys are text.
    member key.ToText() : string = Base64Url.EncodeToString(ReadOnlySpan(key.ToBytes()))

    /// The key of these 16 bytes. Raises ArgumentException for any other number of bytes.
    static member FromBytes(bytes: ReadOnlySpan<byte>) : StoreKey =
        if bytes.Length <> 16 then
            raise (ArgumentException($"A store key is 16 bytes, not {bytes.Length}.", nameof bytes))

        StoreKey(BinaryPrimitives.ReadUInt64BigEndian bytes, BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice 8))

    /// Reads the text that ToText returns. Returns false for any other text.
    static member TryParse(text: string | null, [<Out>] key: byref<StoreKey>) : bool =
        let bytes = Array.zeroCreate<byte> 16
        let mutable read = 0
        let mutable written = 0

        match text with
        | null -> false
        | text when text.Length <> 22 -> false
        | text ->
            let status = Base64Url.DecodeFromChars(text.AsSpan(), Span bytes, &read, &written)
            key <- StoreKey.FromBytes(ReadOnlySpan bytes)
            // The last character has spare bits, so several texts decode alike; only the one that ToText writes counts.
            status = Buffers.OperationStatus.Done && written = 16 && key.ToText() = text

namespace Runa.Session

open System

/// The key under which a driver stores a session: 128 bits, from which neither the browser's token nor the secret can be
/// computed.
type StoreKey = Runa.StoreKey

/// Converts store keys to bytes and text, for stores.
[<RequireQualifiedAccess>]
module StoreKey =
    /// The key of these 16 bytes. Raises ArgumentException for any other number of bytes.
    let ofBytes (bytes: ReadOnlySpan<byte>) : StoreKey = StoreKey.FromBytes bytes

    /// The 16 bytes of the key.
    let toBytes (key: StoreKey) : byte[] = key.ToBytes()

    /// The key as 22 characters of base64url, for stores whose keys are text.
    let toText (key: StoreKey) : string = key.ToText()

    /// Reads the text that toText returns. Returns None for any other text.
    let ofText (text: string | null) : StoreKey option =
        match StoreKey.TryParse text with
        | true, key -> Some key
        | _ -> None
