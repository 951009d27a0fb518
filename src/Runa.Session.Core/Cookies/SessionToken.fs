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
    let input = Array.append prefix (Array.zeroCreate TokenLayout.longest)
    let output: byte[] = Array.zeroCreate 32

    let hashes =
        ring.Keys |> Array.map (fun key -> IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Token))

    member _.Token = Span<byte>(input, prefix.Length, TokenLayout.longest)
    member _.Tag = ReadOnlySpan<byte>(output, 0, TokenLayout.tagLength)
    member _.StoreKey = StoreKey.ofBytes (ReadOnlySpan<byte>(output, 16, 16))

    /// Computes one HMAC-SHA256 over the prefix and what the tag covers.
    member _.Compute(key: int) =
        hashes[key].AppendData(ReadOnlySpan<byte>(input, 0, prefix.Length + TokenLayout.tag input[prefix.Length]))
        hashes[key].GetHashAndReset(Span<byte> output) |> ignore

/// Makes and reads the tokens of one session name of one application (promise 2); without an application, they are
/// shared between applications. A token is version (1 byte), key id (2), random id (32) and tag (16). One HMAC over
/// purpose, shared flag, application, session name and the first three fields gives the tag in its first half and the
/// store key in its second. A token that was rotated has another version and a generation (3) before its tag, which covers
/// both; its store key is that of the first version.
[<Sealed>]
type internal SessionToken(ring: KeyRing, application: string option, name: string) =
    let prefix = KeyRing.context "Runa.Session token" application name
    let sealing = KeyRing.context "Runa.Session sealed v1" application name
    let pool = Pool<TokenScratch>(fun () -> TokenScratch(ring, prefix))
    let memo = TokenMemo()

    /// The index of the key that signed the token in the scratch, or -1.
    let signer (scratch: TokenScratch) =
        let token = scratch.Token
        let keyId = BinaryPrimitives.ReadUInt16BigEndian(Span.op_Implicit (token.Slice TokenLayout.keyId))
        let tag = token.Slice(TokenLayout.tag token[0], TokenLayout.tagLength)
        let mutable signer = -1
        let mutable key = 0

        while signer < 0 && key < ring.Keys.Length do
            if ring.Keys[key].Id = keyId then
                scratch.Compute key

                if CryptographicOperations.FixedTimeEquals(Span.op_Implicit tag, scratch.Tag) then
                    signer <- key

            key <- key + 1

        signer

    /// Writes the tag of the token in the scratch.
    let sign (scratch: TokenScratch) (key: int) =
        scratch.Compute key
        let token = scratch.Token
        scratch.Tag.CopyTo(token.Slice(TokenLayout.tag token[0]))

    let made (scratch: TokenScratch) (key: StoreKey) : GenuineToken =
        let mutable words = TokenWords()
        let bytes = TokenWords.Bytes &words
        let length = TokenLayout.length scratch.Token[0]
        scratch.Token.Slice(0, length).CopyTo bytes
        GenuineToken(words, key)

    let verify (words: TokenWords) : TokenReading =
        let mutable words = words
        let slot = pool.Rent()
        let scratch = slot.Item
        TokenWords.Bytes(&words).CopyTo scratch.Token

        let reading =
            match signer scratch with
            | -1 -> TokenReading.Foreign
            | key ->
                if scratch.Token[0] = TokenLayout.rotated then
                    scratch.Token[0] <- TokenLayout.version
                    scratch.Compute key

                let token = GenuineToken(words, scratch.StoreKey)
                memo.Add token
                TokenReading.Genuine token

        pool.Return slot
        reading

    /// The signer of a genuine token: two secrets may have the same key id, and the tag shows which one it was. The scratch
    /// then holds the token.
    let signerOf (token: GenuineToken) (scratch: TokenScratch) : int =
        let mutable words = token.Words
        TokenWords.Bytes(&words).CopyTo scratch.Token

        match signer scratch with
        | -1 -> invalidOp "No secret of this application signed the token."
        | key -> key

    /// Creates a token with a new random id, and the store key that belongs to it.
    member _.Create() : GenuineToken =
        let slot = pool.Rent()
        let scratch = slot.Item
        let bytes = scratch.Token
        bytes[0] <- TokenLayout.version
        BinaryPrimitives.WriteUInt16BigEndian(bytes.Slice TokenLayout.keyId, ring.Keys[0].Id)
        RandomNumberGenerator.Fill(bytes.Slice(TokenLayout.id, TokenLayout.idLength))
        sign scratch 0
        let token = made scratch scratch.StoreKey
        pool.Return slot
        token

    /// The genuine token of the same id in another generation; 0 is the one that Create makes.
    member _.Rotate(token: GenuineToken, generation: int) : GenuineToken =
        let slot = pool.Rent()
        let scratch = slot.Item
        let key = signerOf token scratch
        let bytes = scratch.Token

        if generation = 0 then
            bytes[0] <- TokenLayout.version
        else
            bytes[0] <- TokenLayout.rotated
            let at = TokenLayout.generation
            bytes[at] <- byte (generation >>> 16)
            bytes[at + 1] <- byte (generation >>> 8)
            bytes[at + 2] <- byte generation

        sign scratch key
        let rotated = made scratch token.Key
        pool.Return slot
        rotated

    /// The key that seals the record of a genuine token: 32 bytes derived from the random id, which the store never
    /// sees, and from the secret that signed the token.
    member _.SealKey(token: GenuineToken) : byte[] =
        let slot = pool.Rent()
        let signer = signerOf token slot.Item
        let id = slot.Item.Token.Slice(TokenLayout.id, TokenLayout.idLength).ToArray()
        pool.Return slot
        HKDF.DeriveKey(HashAlgorithmName.SHA256, id, 32, ring.Keys[signer].Seal, sealing)

    /// The tokens that were verified lately. For tests.
    member _.Memo = memo

    /// Reads a cookie's value. Never raises, allocates only for a genuine token that it did not know, and compares in
    /// constant time (promise 6).
    member _.Read(text: ReadOnlySpan<char>) : TokenReading =
        let version = TokenLayout.versionOfText text.Length

        if version = 0uy || not (Base64UrlText.isOfAlphabet text) then
            TokenReading.Malformed
        else
            let mutable words = TokenWords()
            let bytes = TokenWords.Bytes &words
            let mutable read = 0
            let mutable written = 0
            let status = Base64Url.DecodeFromChars(text, bytes, &read, &written)

            if status <> OperationStatus.Done || written <> TokenLayout.length version || bytes[0] <> version then
                TokenReading.Malformed
            else
                match memo.TryFind &words with
                | null -> verify words
                | token -> TokenReading.Genuine token
