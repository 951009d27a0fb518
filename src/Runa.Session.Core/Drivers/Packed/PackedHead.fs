namespace Runa.Session

#nowarn 3391

open System
open System.Buffers.Binary

[<Flags>]
type internal PackedFlags =
    | None = 0uy
    | Idle = 1uy
    | Owner = 2uy
    | Moved = 4uy
    | Sealed = 8uy
    | SignedIn = 16uy
    | Label = 32uy
    /// Claims, flashes, or what PackedRare holds.
    | More = 64uy
    /// A point in time that is not in UTC, which only a caller of the driver can hand in.
    | Offsets = 128uy

/// What a store asks of a packed record without unpacking it. Points in time are UTC ticks.
module internal PackedHead =
    let private versionAt = 0
    let private expiresAt = 8
    let private idleAt = 16
    let private seenAt = 24
    let private createdAt = 32
    let private flagsAt = 40

    /// Where the rest begins: the scope, then the owner if there is one.
    let length = 41

    let private ticks (bytes: ReadOnlySpan<byte>) (at: int) = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice at)

    let flags (bytes: ReadOnlySpan<byte>) : PackedFlags = LanguagePrimitives.EnumOfValue bytes[flagsAt]
    let has (flag: PackedFlags) (bytes: ReadOnlySpan<byte>) = flags bytes &&& flag <> PackedFlags.None
    let version (bytes: ReadOnlySpan<byte>) = RecordVersion.RecordVersion(ticks bytes versionAt)

    let expires (bytes: ReadOnlySpan<byte>) = ticks bytes expiresAt
    let idle (bytes: ReadOnlySpan<byte>) = ticks bytes idleAt
    let seen (bytes: ReadOnlySpan<byte>) = ticks bytes seenAt
    let created (bytes: ReadOnlySpan<byte>) = ticks bytes createdAt

    /// SessionRecord.endsAt.
    let ends (bytes: ReadOnlySpan<byte>) : int64 = min (expires bytes) (idle bytes)

    let scope (bytes: ReadOnlySpan<byte>) : string =
        let mutable at = length
        PackedReader.name bytes &at

    let owner (bytes: ReadOnlySpan<byte>) : string option =
        if has PackedFlags.Owner bytes then
            let mutable at = length
            PackedReader.name bytes &at |> ignore
            Some(PackedReader.text bytes &at)
        else
            None

    /// SessionRecord.touch, in place. False: the record must be unpacked for it.
    let tryTouch (idleExpiresAt: DateTimeOffset) (bytes: Span<byte>) : bool =
        let packed: ReadOnlySpan<byte> = Span.op_Implicit bytes
        let wanted = min idleExpiresAt.UtcTicks (expires packed)
        let before = idle packed
        let seen = seen packed + (wanted - before)

        if
            has PackedFlags.Offsets packed
            || idleExpiresAt.TotalOffsetMinutes <> 0
            || seen > DateTimeOffset.MaxValue.UtcTicks
        then
            false
        elif not (has PackedFlags.Idle packed) then
            bytes[flagsAt] <- bytes[flagsAt] ||| byte PackedFlags.Idle
            BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice idleAt, wanted)
            true
        else
            if wanted > before then
                BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice idleAt, wanted)
                BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice seenAt, seen)

            true
