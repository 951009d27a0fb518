namespace Runa.Session

open System

/// A record as bytes, which take a fifth of the memory of its objects: the fields of PackedHead, then what differs in
/// length.
module internal PackedRecord =
    let private offset (at: DateTimeOffset) = at.TotalOffsetMinutes
    let private flag (flag: PackedFlags) (isSet: bool) = if isSet then flag else PackedFlags.None

    let private idle (record: SessionRecord) =
        match record.IdleExpiresAt with
        | ValueSome at -> at
        | ValueNone -> record.State.ExpiresAt

    let private signedIn (state: SessionState) = defaultArg state.SignedInAt state.CreatedAt

    let private hasOffsets (record: SessionRecord) =
        let state = record.State

        (offset state.ExpiresAt
         ||| offset (idle record)
         ||| offset state.LastSeenAt
         ||| offset state.CreatedAt
         ||| offset (signedIn state))
        <> 0

    let private flagsFor (record: SessionRecord) =
        let state = record.State

        let kind =
            match record.Kind with
            | RecordKind.Live -> PackedFlags.None
            | RecordKind.Moved _ -> PackedFlags.Moved
            | RecordKind.Sealed _ -> PackedFlags.Sealed

        kind
        ||| flag PackedFlags.Idle record.IdleExpiresAt.IsSome
        ||| flag PackedFlags.Owner state.Owner.IsSome
        ||| flag PackedFlags.SignedIn state.SignedInAt.IsSome
        ||| flag PackedFlags.Label state.Label.IsSome
        ||| flag PackedFlags.More (not (state.Claims.IsEmpty && state.Flashes.IsEmpty) || PackedRare.isNeeded state)
        ||| flag PackedFlags.Offsets (hasOffsets record)

    let private packMore (writer: PackedWriter) (state: SessionState) =
        PackedRare.pack writer state
        writer.Number state.Claims.Count

        for KeyValue(name, values) in state.Claims do
            writer.Name name
            writer.Number values.Length
            values |> List.iter writer.Text

        writer.Number state.Flashes.Length

        for flash in state.Flashes do
            writer.Int64 flash.Id
            writer.Name flash.Key
            writer.Text flash.Json

    /// The writer of this thread, with the packed record.
    let pack (record: SessionRecord) : PackedWriter =
        let (RecordVersion.RecordVersion version) = record.Version
        let state = record.State
        let flags = flagsFor record
        let writer = PackedWriter.Fresh()
        writer.Int64 version
        writer.Int64 state.ExpiresAt.UtcTicks
        writer.Int64 (idle record).UtcTicks
        writer.Int64 state.LastSeenAt.UtcTicks
        writer.Int64 state.CreatedAt.UtcTicks
        writer.Byte(byte flags)
        writer.Name record.Scope
        state.Owner |> Option.iter writer.Text

        match record.Kind with
        | RecordKind.Live -> ()
        | RecordKind.Moved successor ->
            writer.Int64(int64 successor.High)
            writer.Int64(int64 successor.Low)
        | RecordKind.Sealed content -> writer.Text content

        state.SignedInAt |> Option.iter (fun at -> writer.Int64 at.UtcTicks)
        state.Label |> Option.iter writer.Text

        if flags.HasFlag PackedFlags.Offsets then
            for at in [ state.ExpiresAt; idle record; state.LastSeenAt; state.CreatedAt; signedIn state ] do
                writer.Int64(int64 (offset at))

        writer.Number state.Values.Count

        state.Values
        |> Map.iter (fun key json ->
            writer.Name key
            writer.Text json)

        if flags.HasFlag PackedFlags.More then
            packMore writer state

        writer

    let private readClaims (bytes: ReadOnlySpan<byte>) (at: byref<int>) =
        let mutable claims = Map.empty

        for _ in 1 .. PackedReader.number bytes &at do
            let name = PackedReader.name bytes &at
            let mutable values = []

            for _ in 1 .. PackedReader.number bytes &at do
                values <- PackedReader.text bytes &at :: values

            claims <- Map.add name (List.rev values) claims

        claims

    let private readFlashes (bytes: ReadOnlySpan<byte>) (at: byref<int>) : Flash list =
        let mutable flashes: Flash list = []

        for _ in 1 .. PackedReader.number bytes &at do
            let id = PackedReader.int64 bytes &at
            let key = PackedReader.name bytes &at
            let flash: Flash = { Id = id; Key = key; Json = PackedReader.text bytes &at }
            flashes <- flash :: flashes

        List.rev flashes

    let private readValues (bytes: ReadOnlySpan<byte>) (at: byref<int>) =
        let mutable values = Map.empty

        for _ in 1 .. PackedReader.number bytes &at do
            let key = PackedReader.name bytes &at
            values <- Map.add key (PackedReader.text bytes &at) values

        values

    let private readKind flags (bytes: ReadOnlySpan<byte>) (at: byref<int>) =
        if flags &&& PackedFlags.Moved <> PackedFlags.None then
            let high = PackedReader.int64 bytes &at
            RecordKind.Moved(StoreKey(uint64 high, uint64 (PackedReader.int64 bytes &at)))
        elif flags &&& PackedFlags.Sealed <> PackedFlags.None then
            RecordKind.Sealed(PackedReader.text bytes &at)
        else
            RecordKind.Live

    /// The record that was packed. Points in time are in UTC.
    let private unpackUtc (bytes: ReadOnlySpan<byte>) (offsetsAt: byref<int>) : SessionRecord =
        let flags = PackedHead.flags bytes
        let instant (ticks: int64) = DateTimeOffset(ticks, TimeSpan.Zero)
        let isSet (flag: PackedFlags) = flags &&& flag <> PackedFlags.None
        let mutable at = PackedHead.length
        let scope = PackedReader.name bytes &at
        let owner = if isSet PackedFlags.Owner then Some(PackedReader.text bytes &at) else None
        let kind = readKind flags bytes &at
        let signedIn =
            if isSet PackedFlags.SignedIn then
                Some(instant (PackedReader.int64 bytes &at))
            else
                None
        let label = if isSet PackedFlags.Label then Some(PackedReader.text bytes &at) else None
        offsetsAt <- at

        if isSet PackedFlags.Offsets then
            at <- at + 40

        let values = readValues bytes &at
        let hasMore = isSet PackedFlags.More
        let rare = if hasMore then PackedRare.unpack bytes &at else PackedRare.none
        let claims = if hasMore then readClaims bytes &at else Map.empty
        let flashes = if hasMore then readFlashes bytes &at else []

        { Version = PackedHead.version bytes
          Scope = scope
          State =
            { Values = values
              Flashes = flashes
              Owner = owner
              Claims = claims
              Label = label
              Client = rare.Client
              Rotation = rare.Rotation
              Device = rare.Device
              CreatedAt = instant (PackedHead.created bytes)
              SignedInAt = signedIn
              LastSeenAt = instant (PackedHead.seen bytes)
              ExpiresAt = instant (PackedHead.expires bytes) }
          IdleExpiresAt =
            (if isSet PackedFlags.Idle then
                 ValueSome(instant (PackedHead.idle bytes))
             else
                 ValueNone)
          Kind = kind }

    let private withOffsets (bytes: ReadOnlySpan<byte>) (at: int) (record: SessionRecord) : SessionRecord =
        let mutable at = at
        let minutes = Array.zeroCreate 5

        for n in 0..4 do
            minutes[n] <- float (PackedReader.int64 bytes &at)

        let shift n (instant: DateTimeOffset) = instant.ToOffset(TimeSpan.FromMinutes minutes[n])
        let state = record.State

        { record with
            IdleExpiresAt = ValueOption.map (shift 1) record.IdleExpiresAt
            State =
                { state with
                    ExpiresAt = shift 0 state.ExpiresAt
                    LastSeenAt = shift 2 state.LastSeenAt
                    CreatedAt = shift 3 state.CreatedAt
                    SignedInAt = Option.map (shift 4) state.SignedInAt } }

    /// The record that was packed, to the tick and to the character.
    let unpack (bytes: ReadOnlySpan<byte>) : SessionRecord =
        let mutable offsetsAt = 0
        let record = unpackUtc bytes &offsetsAt

        if PackedHead.has PackedFlags.Offsets bytes then
            withOffsets bytes offsetsAt record
        else
            record
