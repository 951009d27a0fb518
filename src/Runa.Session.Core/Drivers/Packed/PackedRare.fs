namespace Runa.Session

#nowarn 3391

open System

/// What few records have: the client, the rotation and the device.
[<Struct; NoComparison; NoEquality>]
type internal PackedRare =
    { Client: SessionClient option; Rotation: SessionRotation option; Device: DeviceBinding option }

[<Flags>]
type private RareFlags =
    | None = 0uy
    | Client = 1uy
    | Address = 2uy
    | Agent = 4uy
    | Rotation = 8uy
    | Seen = 16uy
    | Offered = 32uy
    | Bound = 64uy

module internal PackedRare =
    let none: PackedRare = { Client = None; Rotation = None; Device = None }

    let isNeeded (state: SessionState) : bool = state.Client.IsSome || state.Rotation.IsSome || state.Device.IsSome

    let private flag (flag: RareFlags) (isSet: bool) = if isSet then flag else RareFlags.None

    let private flagsFor (state: SessionState) =
        let device =
            match state.Device with
            | Some(DeviceBinding.Offered _) -> RareFlags.Offered
            | Some(DeviceBinding.Bound _) -> RareFlags.Bound
            | None -> RareFlags.None

        device
        ||| flag RareFlags.Client state.Client.IsSome
        ||| flag RareFlags.Address (state.Client |> Option.bind _.Address |> Option.isSome)
        ||| flag RareFlags.Agent (state.Client |> Option.bind _.Agent |> Option.isSome)
        ||| flag RareFlags.Rotation state.Rotation.IsSome
        ||| flag RareFlags.Seen (state.Rotation |> Option.bind _.SeenAt |> Option.isSome)

    let pack (writer: PackedWriter) (state: SessionState) =
        writer.Byte(byte (flagsFor state))
        state.Client |> Option.bind _.Address |> Option.iter writer.Text
        state.Client |> Option.bind _.Agent |> Option.iter writer.Text

        match state.Rotation with
        | Some rotation ->
            writer.Number rotation.Generation
            writer.Int64 rotation.RotatedAt.UtcTicks
            rotation.SeenAt |> Option.iter (fun at -> writer.Int64 at.UtcTicks)
        | None -> ()

        match state.Device with
        | Some(DeviceBinding.Offered id)
        | Some(DeviceBinding.Bound id) -> writer.Text id
        | None -> ()

    let private text isSet (bytes: ReadOnlySpan<byte>) (at: byref<int>) =
        if isSet then Some(PackedReader.text bytes &at) else None

    let private instant (bytes: ReadOnlySpan<byte>) (at: byref<int>) =
        DateTimeOffset(PackedReader.int64 bytes &at, TimeSpan.Zero)

    let private rotation (hasSeen: bool) (bytes: ReadOnlySpan<byte>) (at: byref<int>) : SessionRotation =
        let generation = PackedReader.number bytes &at
        let rotatedAt = instant bytes &at

        { Generation = generation
          RotatedAt = rotatedAt
          SeenAt = if hasSeen then Some(instant bytes &at) else None }

    /// What was packed. Points in time are in UTC.
    let unpack (bytes: ReadOnlySpan<byte>) (at: byref<int>) : PackedRare =
        let flags: RareFlags = LanguagePrimitives.EnumOfValue(PackedReader.byte bytes &at)
        let isSet (flag: RareFlags) = flags &&& flag <> RareFlags.None
        let address = text (isSet RareFlags.Address) bytes &at
        let agent = text (isSet RareFlags.Agent) bytes &at

        let client: SessionClient option =
            if isSet RareFlags.Client then
                Some { Address = address; Agent = agent }
            else
                None

        let rotation =
            if isSet RareFlags.Rotation then
                Some(rotation (isSet RareFlags.Seen) bytes &at)
            else
                None

        let device =
            if isSet RareFlags.Offered then
                Some(DeviceBinding.Offered(PackedReader.text bytes &at))
            elif isSet RareFlags.Bound then
                Some(DeviceBinding.Bound(PackedReader.text bytes &at))
            else
                None

        { Client = client; Rotation = rotation; Device = device }
