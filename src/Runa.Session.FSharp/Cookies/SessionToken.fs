namespace Runa.Session

open System
open System.Buffers
open System.Buffers.Binary
open System.Buffers.Text
open System.Security.Cryptography
open System.Text

/// What a cookie value turned out to be.
[<Struct; RequireQualifiedAccess; NoComparison>]
type internal TokenReading =
    | Genuine of StoreKey
    /// The right shape, with a tag that none of our keys made.
    | Foreign
    | Malformed

/// The fields of a token, by offset and length.
module private TokenLayout =
    let version = 1uy
    let keyId = 1
    let id = 3
    let idLength = 32
    let tag = 35
    let tagLength = 16
    /// 51 bytes make 68 characters of base64url with no bit to spare.
    let length = 51
    let textLength = 68

    let alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".AsSpan())

/// Room for one token, and the keyed hashes of all keys.
[<Sealed>]
type private TokenScratch(ring: KeyRing, prefix: byte[]) =
    let input = Array.append prefix (Array.zeroCreate TokenLayout.length)
    let output: byte[] = Array.zeroCreate 32

    let hashes =
        ring.Keys |> Array.map (fun key -> IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Token))

    member _.Token = Span<byte>(input, prefix.Length, TokenLayout.length)
    member _.Tag = ReadOnlySpan<byte>(output, 0, TokenLayout.tagLength)
    member _.StoreKey = StoreKey.ofBytes (ReadOnlySpan<byte>(output, 16, 16))

    /// One HMAC-SHA256 over prefix, version, key id and id.
    member _.Compute(key: int) =
        hashes[key].AppendData(ReadOnlySpan<byte>(input, 0, prefix.Length + TokenLayout.tag))
        hashes[key].GetHashAndReset(Span<byte> output) |> ignore

/// Makes and reads the tokens of one session name of one application (promise 2); None: shared between applications.
/// A token is version (1 byte), key id (2), random id (32), tag (16). One HMAC over purpose, shared flag, application,
/// session name and the first three fields gives the tag in its first half and the store key in its last.
[<Sealed>]
type internal SessionToken(ring: KeyRing, application: string option, name: string) =
    let prefix =
        [ "Runa.Session token"
          (if application.IsNone then "shared" else "own")
          defaultArg application ""
          name ]
        |> Seq.collect (fun field ->
            // Length-prefixed, so that no two lists of fields give the same bytes.
            let bytes = Encoding.UTF8.GetBytes field
            let size = Array.zeroCreate 4
            BinaryPrimitives.WriteInt32BigEndian(Span size, bytes.Length)
            Array.append size bytes)
        |> Array.ofSeq

    let pool = Pool<TokenScratch>(fun () -> TokenScratch(ring, prefix))

    /// Of the token in the scratch, whether a key of the ring signed it; then the store key is in the scratch.
    let isSigned (scratch: TokenScratch) =
        let keyId =
            BinaryPrimitives.ReadUInt16BigEndian(Span.op_Implicit (scratch.Token.Slice TokenLayout.keyId))

        let mutable signed = false
        let mutable key = 0

        while not signed && key < ring.Keys.Length do
            if ring.Keys[key].Id = keyId then
                scratch.Compute key
                let tag = scratch.Token.Slice TokenLayout.tag
                signed <- CryptographicOperations.FixedTimeEquals(Span.op_Implicit tag, scratch.Tag)

            key <- key + 1

        signed

    /// A token for a new random id, and the store key that belongs to it.
    member _.Create() : struct (string * StoreKey) =
        let slot = pool.Rent()
        let scratch = slot.Item
        let token = scratch.Token
        token[0] <- TokenLayout.version
        BinaryPrimitives.WriteUInt16BigEndian(token.Slice TokenLayout.keyId, ring.Keys[0].Id)
        RandomNumberGenerator.Fill(token.Slice(TokenLayout.id, TokenLayout.idLength))
        scratch.Compute 0
        scratch.Tag.CopyTo(token.Slice TokenLayout.tag)
        let text = Base64Url.EncodeToString(Span.op_Implicit token)
        let key = scratch.StoreKey
        pool.Return slot
        struct (text, key)

    /// Raises nothing, allocates nothing, and compares tags in constant time (promise 6).
    member _.Read(text: ReadOnlySpan<char>) : TokenReading =
        // The decoder allocates when it meets another character.
        if text.Length <> TokenLayout.textLength || text.ContainsAnyExcept TokenLayout.alphabet then
            TokenReading.Malformed
        else
            let slot = pool.Rent()
            let scratch = slot.Item
            let mutable read = 0
            let mutable written = 0
            let status = Base64Url.DecodeFromChars(text, scratch.Token, &read, &written)

            let reading =
                if
                    status <> OperationStatus.Done
                    || written <> TokenLayout.length
                    || scratch.Token[0] <> TokenLayout.version
                then
                    TokenReading.Malformed
                elif isSigned scratch then
                    TokenReading.Genuine scratch.StoreKey
                else
                    TokenReading.Foreign

            pool.Return slot
            reading
