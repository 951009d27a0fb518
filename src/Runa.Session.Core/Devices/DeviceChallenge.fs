namespace Runa.Session

open System
open System.Buffers.Text
open System.IO

/// The id under which a browser and the store know a binding: 128 random bits as 22 characters of base64url. It is no secret.
module internal DeviceId =
    let private bytes = 16
    let create () : string =
        Base64Url.EncodeToString(ReadOnlySpan(Security.Cryptography.RandomNumberGenerator.GetBytes bytes))

    /// The bytes of an id. ValueNone: it is none.
    let tryBytes (id: string) : byte[] voption = if id.Length = 22 then Base64UrlText.tryDecode id else ValueNone

/// What a device must sign.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type internal DeviceChallenge =
    /// Of an offer: it is all that a registration needs, since no cookie comes along with it after a sign-in at another site.
    /// `ends`: when the store forgets the device.
    | Register of id: string * owner: string * ends: DateTimeOffset * until: DateTimeOffset
    /// Of a refresh. It is good once: accepting it replaces the device's record of this version.
    | Refresh of id: string * version: RecordVersion * until: DateTimeOffset

    /// Promise 5: neither the id nor the owner is printed.
    override challenge.ToString() =
        match challenge with
        | DeviceChallenge.Register _ -> "Register"
        | DeviceChallenge.Refresh _ -> "Refresh"

    member internal challenge.Display = challenge.ToString()

/// The result of reading a challenge.
[<RequireQualifiedAccess>]
type internal ChallengeReading =
    | Good of DeviceChallenge
    /// It was good once.
    | Expired of DeviceChallenge
    /// None of the application's secrets made it for this session name.
    | Foreign

/// Makes and reads challenges: sealed, so that issuing one stores nothing, and nobody learns the owner from one.
[<Sealed>]
type internal DeviceChallenges(ring: KeyRing, application: string option, name: string) =
    // A session's name has no blank, so this is the context of no other cookie.
    let seal = SealedCookie(ring, application, $"{name} device challenge")

    let written (challenge: DeviceChallenge) : byte[] =
        use stream = new MemoryStream()
        use writer = new BinaryWriter(stream)

        match challenge with
        | DeviceChallenge.Register(id, owner, ends, until) ->
            writer.Write 1uy
            writer.Write id
            writer.Write until.UtcTicks
            writer.Write ends.UtcTicks
            writer.Write owner
        | DeviceChallenge.Refresh(id, RecordVersion.RecordVersion version, until) ->
            writer.Write 2uy
            writer.Write id
            writer.Write until.UtcTicks
            writer.Write version

        writer.Flush()
        stream.ToArray()

    let read (bytes: byte[]) : DeviceChallenge * DateTimeOffset =
        use reader = new BinaryReader(new MemoryStream(bytes))
        let kind = reader.ReadByte()
        let id = reader.ReadString()
        let time () = DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero)
        let until = time ()

        match kind with
        | 1uy ->
            let ends = time ()
            DeviceChallenge.Register(id, reader.ReadString(), ends, until), until
        | _ -> DeviceChallenge.Refresh(id, RecordVersion.RecordVersion(reader.ReadInt64()), until), until

    /// The text of the challenge, which is good in a header's string and in a signature's claim.
    member _.Write(challenge: DeviceChallenge) : string = seal.Seal(written challenge)

    /// Never raises.
    member _.Read(now: DateTimeOffset, text: string) : ChallengeReading =
        match seal.Open(text.AsSpan()) with
        | SealReading.Opened bytes ->
            match read bytes with
            | challenge, until when Instant.isUntil now until -> ChallengeReading.Expired challenge
            | challenge, _ -> ChallengeReading.Good challenge
        | SealReading.Foreign
        | SealReading.Malformed -> ChallengeReading.Foreign
