namespace Runa.Session

open System
open System.Buffers
open System.Buffers.Text
open System.Security.Cryptography

/// The result of reading a cookie's value.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal TokenReading =
    | Genuine of GenuineToken
    /// The value has the right shape, but none of our keys made its tag.
    | Foreign
    | Malformed

/// Makes and reads the tokens of one session name of one application (promise 2); without an application, they are
/// shared between applications. A token is version (1 byte), key id (2), random id (32) and tag (16). One HMAC over
/// purpose, shared flag, application, session name and the first three fields gives the tag in its first half and the
/// store key in its second. A token that was rotated has another version and a generation (3) before its tag, which covers
/// both; its store key is that of the first version.
[<Sealed>]
type internal SessionToken(ring: KeyRing, application: string option, name: string) =
    let prefix = KeyRing.context "Runa.Session token" application name
    let sealing = KeyRing.context "Runa.Session sealed v1" application name
    let pool = Pool<SignedBuffer>(fun () -> SignedBuffer(ring, prefix, TokenLayout.longest))
    let memo = TokenMemo()

    /// How many bytes the tag of the token in the buffer covers.
    let covered (buffer: SignedBuffer) : int = TokenLayout.tag buffer.Bytes[0]

    let storeKey (buffer: SignedBuffer) : StoreKey = StoreKey.ofBytes (buffer.Output.Slice SignedLayout.tagLength)

    let made (buffer: SignedBuffer) (key: StoreKey) : GenuineToken =
        let mutable words = TokenWords()
        let length = TokenLayout.length buffer.Bytes[0]
        buffer.Bytes.Slice(0, length).CopyTo(TokenWords.Bytes &words)
        GenuineToken(words, key)

    let verify (words: TokenWords) : TokenReading =
        let mutable words = words
        let slot = pool.Rent()
        let buffer = slot.Item
        TokenWords.Bytes(&words).CopyTo buffer.Bytes

        let reading =
            match buffer.Signer(covered buffer) with
            | -1 -> TokenReading.Foreign
            | key ->
                if buffer.Bytes[0] = TokenLayout.rotated then
                    buffer.Bytes[0] <- TokenLayout.version
                    buffer.Hash(key, covered buffer)

                let token = GenuineToken(words, storeKey buffer)
                memo.Add token
                TokenReading.Genuine token

        pool.Return slot
        reading

    /// The key that signed a genuine token. The buffer then holds the token.
    let signerOf (token: GenuineToken) (buffer: SignedBuffer) : int =
        let mutable words = token.Words
        TokenWords.Bytes(&words).CopyTo buffer.Bytes

        match buffer.Signer(covered buffer) with
        | -1 -> invalidOp "No secret of this application signed the token."
        | key -> key

    /// Creates a token with a new random id, and the store key that belongs to it.
    member _.Create() : GenuineToken =
        let slot = pool.Rent()
        let buffer = slot.Item
        buffer.Bytes[0] <- TokenLayout.version
        buffer.WriteKeyId()
        RandomNumberGenerator.Fill(buffer.Bytes.Slice(TokenLayout.id, TokenLayout.idLength))
        buffer.Sign(0, covered buffer)
        let token = made buffer (storeKey buffer)
        pool.Return slot
        token

    /// The genuine token of the same id in another generation; 0 is the one that Create makes.
    member _.Rotate(token: GenuineToken, generation: int) : GenuineToken =
        let slot = pool.Rent()
        let buffer = slot.Item
        let key = signerOf token buffer
        let bytes = buffer.Bytes

        if generation = 0 then
            bytes[0] <- TokenLayout.version
        else
            bytes[0] <- TokenLayout.rotated
            let at = TokenLayout.generation
            bytes[at] <- byte (generation >>> 16)
            bytes[at + 1] <- byte (generation >>> 8)
            bytes[at + 2] <- byte generation

        buffer.Sign(key, covered buffer)
        let rotated = made buffer token.Key
        pool.Return slot
        rotated

    /// The key that seals the record of a genuine token: 32 bytes derived from the random id, which the store never
    /// sees, and from the secret that signed the token.
    member _.SealKey(token: GenuineToken) : byte[] =
        let slot = pool.Rent()
        let signer = signerOf token slot.Item
        let id = slot.Item.Bytes.Slice(TokenLayout.id, TokenLayout.idLength).ToArray()
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
