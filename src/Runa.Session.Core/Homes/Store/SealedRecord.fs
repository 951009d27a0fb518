namespace Runa.Session

open System
open System.Buffers.Text
open System.Globalization
open System.Security.Cryptography

/// Encrypts values, flashes and claims at rest, under a key derived from the token, which the store never sees. The
/// store key, the version and the metadata are the associated data, so a record that was swapped or edited in the store
/// does not open. This does not protect against somebody who puts back an older record.
module internal SealedRecord =
    let private nonceLength = 12
    let private tagLength = 16

    let private ticks (at: DateTimeOffset) = at.UtcTicks.ToString CultureInfo.InvariantCulture

    let private optional (text: string option) =
        match text with
        | Some text -> "+" + text
        | None -> "-"

    /// What most records lack, each with its name, so that a record without any is sealed as it always was.
    let private rare (state: SessionState) : string list =
        let part (name: string) = Option.toList >> List.map (fun (text: string) -> name + text)
        let client = state.Client
        let rotation = state.Rotation

        List.concat
            [ part "address " (client |> Option.bind _.Address)
              part "agent " (client |> Option.bind _.Agent)
              part "generation " (rotation |> Option.map (fun rotation -> string rotation.Generation))
              part "rotated " (rotation |> Option.map (fun rotation -> ticks rotation.RotatedAt))
              part "seen " (rotation |> Option.bind _.SeenAt |> Option.map ticks)
              match state.Device with
              | Some(DeviceBinding.Offered id) -> [ "offered " + id ]
              | Some(DeviceBinding.Bound id) -> [ "bound " + id ]
              | None -> [] ]

    // IdleExpiresAt and LastSeenAt are left out: a touch moves them in the store.
    let private associated (place: Place) (record: SessionRecord) : byte[] =
        let (RecordVersion.RecordVersion version) = record.Version

        LengthPrefixed.bytes (
            [ StoreKey.toText place.Key
              version.ToString CultureInfo.InvariantCulture
              record.Scope
              ticks record.State.CreatedAt
              optional (Option.map ticks record.State.SignedInAt)
              ticks record.State.ExpiresAt
              optional record.State.Owner
              optional record.State.Label ]
            @ rare record.State
        )

    let private cipher (token: SessionToken) (place: Place) = new AesGcm(token.SealKey place.Token, tagLength)

    /// Seals a live record. A tombstone holds nothing to seal.
    let seal (token: SessionToken) (place: Place) (record: SessionRecord) : SessionRecord =
        match record.Kind with
        | RecordKind.Moved _
        | RecordKind.Sealed _ -> record
        | RecordKind.Live ->
            let plain = RecordWriter.contentDocument record.State
            let text = Array.zeroCreate<byte>(nonceLength + plain.Length + tagLength)
            let nonce = Span(text, 0, nonceLength)
            RandomNumberGenerator.Fill nonce
            use cipher = cipher token place

            cipher.Encrypt(
                Span.op_Implicit nonce,
                ReadOnlySpan plain,
                Span(text, nonceLength, plain.Length),
                Span(text, nonceLength + plain.Length, tagLength),
                ReadOnlySpan(associated place record)
            )

            { record with
                Kind = RecordKind.Sealed(Base64Url.EncodeToString(ReadOnlySpan text))
                State = { record.State with Values = Map.empty; Flashes = []; Claims = Map.empty } }

    /// The plaintext. None: the record was not sealed under this token, or was changed since.
    let private tryPlain (token: SessionToken) place record (content: string) : byte[] option =
        if not (Base64Url.IsValid(content.AsSpan())) then
            None
        else
            let text = Base64Url.DecodeFromChars(content.AsSpan())
            let length = text.Length - nonceLength - tagLength

            if length < 0 then
                None
            else
                let plain = Array.zeroCreate<byte> length
                use cipher = cipher token place

                try
                    cipher.Decrypt(
                        ReadOnlySpan(text, 0, nonceLength),
                        ReadOnlySpan(text, nonceLength, length),
                        ReadOnlySpan(text, nonceLength + length, tagLength),
                        Span plain,
                        ReadOnlySpan(associated place record)
                    )

                    Some plain
                with :? AuthenticationTagMismatchException ->
                    None

    /// The record as it was before it was sealed. None: it does not open.
    let tryOpen (token: SessionToken) (place: Place) (record: SessionRecord) : SessionRecord option =
        match record.Kind with
        | RecordKind.Live
        | RecordKind.Moved _ -> Some record
        | RecordKind.Sealed content ->
            tryPlain token place record content
            |> Option.map (fun plain ->
                { record with
                    Kind = RecordKind.Live
                    State = RecordReader.content record.State (ReadOnlySpan plain) })
