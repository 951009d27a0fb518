namespace Runa.Session

open System
open System.Buffers
open System.Buffers.Binary
open System.Buffers.Text
open System.Security.Cryptography

/// The result of reading a cookie's value.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal TokenReading =
    | Genuine of GenuineToken
    /// The value has the right shape, but none of our keys made its tag.
    | Foreign
    | Malformed

/// A buffer for one token, and the keyed hashes of all keys.
[<Sealed>]
type private TokenScratch(ring: KeyRing, prefix: byte[]) =
    let input = Array.append prefix (Array.zeroCreate TokenLayout.length)
    let output: byte[] = Array.zeroCreate 32

    let hashes =
        ring.Keys |> Array.map (fun key -> IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Token))

    member _.Token = Span<byte>(input, prefix.Length, TokenLayout.length)
    member _.Tag = ReadOnlySpan<byte>(output, 0, TokenLayout.tagLength)
    member _.StoreKey = StoreKey.ofBytes (ReadOnlySpan<byte>(output, 16, 16))

    /// Computes one HMAC-SHA256 over prefix, version, key id and random id.
    member _.Compute(key: int) =
        hashes[key].AppendData(ReadOnlySpan<byte>(input, 0, prefix.Length + TokenLayout.tag))
        hashes[key].GetHashAndReset(Span<byte> output) |> ignore

/// Makes and reads the tokens of one session name of one application (promise 2); without an application, they are
/// shared between applications. A token is version (1 byte), key id (2), random id (32) and tag (16). One HMAC over
/// purpose, shared flag, application, session name and the first three fields gives the tag in its first half and the
/// store key in its second.
[<Sealed>]
type internal SessionToken(ring: KeyRing, application: string option, name: string) =
    let prefix = KeyRing.context "Runa.Session token" application name
    let sealing = KeyRing.context "Runa.Session sealed v1" application name
    let pool = Pool<TokenScratch>(fun () -> TokenScratch(ring, prefix))
    let memo = TokenMemo()

    /// The index of the key that signed the token in the scratch, or -1. If a key is found, the scratch then holds the
    /// store key.
    let signer (scratch: TokenScratch) =
        let keyId =
            BinaryPrimitives.ReadUInt16BigEndian(Span.op_Implicit (scratch.Token.Slice TokenLayout.keyId))

        let mutable signer = -1
        let mutable key = 0

        while signer < 0 && key < ring.Keys.Length do
            if ring.Keys[key].Id = keyId then
                scratch.Compute key
                let tag = scratch.Token.Slice TokenLayout.tag

                if CryptographicOperations.FixedTimeEquals(Span.op_Implicit tag, scratch.Tag) then
                    signer <- key

            key <- key + 1

        signer

    let verify (words: TokenWords) : TokenReading =
        let mutable words = words
        let slot = pool.Rent()
        let scratch = slot.Item
        TokenWords.Bytes(&words).CopyTo scratch.Token

        let reading =
            if signer scratch >= 0 then
                let token = GenuineToken(words, scratch.StoreKey)
                memo.Add token
                TokenReading.Genuine token
            else
                TokenReading.Foreign

        pool.Return slot
        reading

    /// Creates a token with a new random id, and the store key that belongs to it.
    member _.Create() : GenuineToken =
        let slot = pool.Rent()
        let scratch = slot.Item
        let bytes = scratch.Token
        bytes[0] <- TokenLayout.version
        BinaryPrimitives.WriteUInt16BigEndian(bytes.Slice TokenLayout.keyId, ring.Keys[0].Id)
        RandomNumberGenerator.Fill(bytes.Slice(TokenLayout.id, TokenLayout.idLength))
        scratch.Compute 0
        scratch.Tag.CopyTo(bytes.Slice TokenLayout.tag)
        let mutable words = TokenWords()
        bytes.CopyTo(TokenWords.Bytes &words)
        let token = GenuineToken(words, scratch.StoreKey)
        pool.Return slot
        token

    /// The key that seals the record of a genuine token: 32 bytes derived from the random id, which the store never
    /// sees, and from the secret that signed the token.
    member _.SealKey(token: GenuineToken) : byte[] =
        let mutable words = token.Words
        let bytes = TokenWords.Bytes &words
        // Two secrets may have the same key id; the tag shows which one signed the token.
        let slot = pool.Rent()
        bytes.CopyTo slot.Item.Token
        let signer = signer slot.Item
        pool.Return slot

        if signer < 0 then
            invalidOp "No secret of this application signed the token."

        let id = bytes.Slice(TokenLayout.id, TokenLayout.idLength).ToArray()
        HKDF.DeriveKey(HashAlgorithmName.SHA256, id, 32, ring.Keys[signer].Seal, sealing)

    /// The tokens that were verified lately. For tests.
    member _.Memo = memo

    /// Reads a cookie's value. Never raises, allocates only for a genuine token that it did not know, and compares in
    /// constant time (promise 6).
    member _.Read(text: ReadOnlySpan<char>) : TokenReading =
        if text.Length <> TokenLayout.textLength || not (Base64UrlText.isOfAlphabet text) then
            TokenReading.Malformed
        else
            let mutable words = TokenWords()
            let bytes = TokenWords.Bytes &words
            let mutable read = 0
            let mutable written = 0
            let status = Base64Url.DecodeFromChars(text, bytes, &read, &written)

            if status <> OperationStatus.Done || written <> TokenLayout.length || bytes[0] <> TokenLayout.version then
                TokenReading.Malformed
            else
                match memo.TryFind &words with
                | null -> verify words
                | token -> TokenReading.Genuine token
