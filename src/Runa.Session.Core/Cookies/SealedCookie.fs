namespace Runa.Session

open System
open System.Buffers.Binary
open System.Buffers.Text
open System.Security.Cryptography

/// The result of opening the text of a sealed cookie.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal SealReading =
    | Opened of plaintext: byte[]
    /// The text has the right shape, but none of our keys opens it.
    | Foreign
    | Malformed

/// The fields of a sealed cookie, by offset and length.
module private SealLayout =
    /// A token begins with 1, so neither is taken for the other when a session changes its driver.
    let version = 2uy
    let keyId = 1
    let salt = 3
    let saltLength = 24
    let headerLength = 27
    let tagLength = 16
    let keyLength = 32
    let nonceLength = 12

/// Seals and opens the cookies of one session name of one application (promise 2); without an application, they are
/// shared between applications. A sealed cookie is base64url of version (1 byte), key id (2), random salt (24),
/// ciphertext and tag (16). It is encrypted by AES-256-GCM under a key and nonce of its own, which HKDF expands from
/// the root key and the salt; the bytes before the ciphertext are its associated data. So no number of cookies wears
/// out a key (NIST SP 800-38D §8.3 limits random nonces under one key).
[<Sealed>]
type internal SealedCookie(ring: KeyRing, application: string option, name: string) =
    let roots =
        let context = KeyRing.context "Runa.Session cookie v1" application name
        ring.Keys |> Array.map (fun key -> KeyRing.expand key context)

    let keyAndNonce (key: int) (salt: ReadOnlySpan<byte>) : byte[] =
        let output = Array.zeroCreate (SealLayout.keyLength + SealLayout.nonceLength)
        HKDF.Expand(HashAlgorithmName.SHA256, ReadOnlySpan roots[key], Span output, salt)
        output

    let aes (material: byte[]) = new AesGcm(ReadOnlySpan(material, 0, SealLayout.keyLength), SealLayout.tagLength)

    let nonce (material: byte[]) = ReadOnlySpan<byte>(material, SealLayout.keyLength, SealLayout.nonceLength)

    let tryOpen (key: int) (bytes: byte[]) (plaintext: byte[]) : bool =
        let material = keyAndNonce key (ReadOnlySpan(bytes, SealLayout.salt, SealLayout.saltLength))
        use aes = aes material

        // AesGcm reports a wrong tag only by this exception, which is caught at once (promise 6). A forged cookie gets
        // this far only if its shape and its key id are right.
        try
            aes.Decrypt(
                nonce material,
                ReadOnlySpan(bytes, SealLayout.headerLength, plaintext.Length),
                ReadOnlySpan(bytes, SealLayout.headerLength + plaintext.Length, SealLayout.tagLength),
                Span plaintext,
                ReadOnlySpan(bytes, 0, SealLayout.headerLength)
            )

            true
        with :? AuthenticationTagMismatchException ->
            false

    let openWithAny (bytes: byte[]) : SealReading =
        let keyId = BinaryPrimitives.ReadUInt16BigEndian(ReadOnlySpan(bytes, SealLayout.keyId, 2))
        let plaintext = Array.zeroCreate (bytes.Length - SealedCookie.Overhead)
        let mutable isOpen = false
        let mutable key = 0

        while not isOpen && key < ring.Keys.Length do
            if ring.Keys[key].Id = keyId then
                isOpen <- tryOpen key bytes plaintext

            key <- key + 1

        if isOpen then SealReading.Opened plaintext else SealReading.Foreign

    /// The most characters of a cookie, all pieces together. Kestrel refuses requests with more than 32 KiB of headers.
    static member Longest = 8192

    /// The bytes that sealing adds to the plaintext.
    static member Overhead = SealLayout.headerLength + SealLayout.tagLength

    /// The number of characters for a plaintext of this many bytes.
    static member TextLength(plaintext: int) : int = Base64Url.GetEncodedLength(plaintext + SealedCookie.Overhead)

    /// Seals with the given salt, for test vectors. The salt must never have sealed another plaintext.
    member _.SealWith(salt: ReadOnlySpan<byte>, plaintext: ReadOnlySpan<byte>) : string =
        let bytes: byte[] = Array.zeroCreate (plaintext.Length + SealedCookie.Overhead)
        bytes[0] <- SealLayout.version
        BinaryPrimitives.WriteUInt16BigEndian(Span(bytes, SealLayout.keyId, 2), ring.Keys[0].Id)
        salt.CopyTo(Span(bytes, SealLayout.salt, SealLayout.saltLength))
        let material = keyAndNonce 0 salt
        use aes = aes material

        aes.Encrypt(
            nonce material,
            plaintext,
            Span(bytes, SealLayout.headerLength, plaintext.Length),
            Span(bytes, SealLayout.headerLength + plaintext.Length, SealLayout.tagLength),
            ReadOnlySpan(bytes, 0, SealLayout.headerLength)
        )

        Base64Url.EncodeToString(ReadOnlySpan bytes)

    /// Seals with the first key. The plaintext is never compressed: the compressed length of a secret beside a guess
    /// would reveal whether the guess is right.
    member cookie.Seal(plaintext: byte[]) : string =
        cookie.SealWith(ReadOnlySpan(RandomNumberGenerator.GetBytes SealLayout.saltLength), ReadOnlySpan plaintext)

    /// Opens the text with the key that sealed it (promise 24). A text that does not open is not read in any other way.
    member _.Open(text: ReadOnlySpan<char>) : SealReading =
        if
            text.Length < SealedCookie.TextLength 0
            || text.Length > SealedCookie.Longest
            || not (Base64UrlText.isOfAlphabet text)
            || not (Base64UrlText.isCanonical text)
        then
            SealReading.Malformed
        else
            let bytes = Base64Url.DecodeFromChars text
            if bytes[0] = SealLayout.version then
                openWithAny bytes
            else
                SealReading.Malformed

    /// Whether a text could be a piece of a cookie: it has base64url characters only.
    static member IsPiece(text: ReadOnlySpan<char>) : bool = text.Length > 0 && Base64UrlText.isOfAlphabet text
