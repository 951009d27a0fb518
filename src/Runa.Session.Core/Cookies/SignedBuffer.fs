namespace Runa.Session

open System
open System.Buffers.Binary
open System.Security.Cryptography

/// What all texts have that a key of the ring signs: a version (1 byte), the id of the key (2), more fields, and a tag (16),
/// which is the first half of one HMAC-SHA256 over a prefix and all fields before the tag.
module internal SignedLayout =
    let keyId = 1
    let tagLength = 16

/// A buffer for one such text of at most so many bytes, and the keyed hashes of all keys. It serves one thread at a time.
[<Sealed>]
type internal SignedBuffer(ring: KeyRing, prefix: byte[], longest: int) =
    let input = Array.append prefix (Array.zeroCreate longest)
    let output: byte[] = Array.zeroCreate 32

    let hashes =
        ring.Keys |> Array.map (fun key -> IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Token))

    /// The text.
    member _.Bytes = Span<byte>(input, prefix.Length, longest)

    /// What Hash computed: the tag, then 16 bytes that nobody sees.
    member _.Output = ReadOnlySpan<byte>(output)

    /// Hashes the prefix and so many bytes of the text.
    member _.Hash(key: int, covered: int) =
        hashes[key].AppendData(ReadOnlySpan<byte>(input, 0, prefix.Length + covered))
        hashes[key].GetHashAndReset(Span<byte> output) |> ignore

    /// Writes the id of the first key, which signs new texts.
    member buffer.WriteKeyId() =
        BinaryPrimitives.WriteUInt16BigEndian(buffer.Bytes.Slice SignedLayout.keyId, ring.Keys[0].Id)

    /// Writes the tag after so many bytes.
    member buffer.Sign(key: int, covered: int) =
        buffer.Hash(key, covered)
        buffer.Output.Slice(0, SignedLayout.tagLength).CopyTo(buffer.Bytes.Slice covered)

    /// The index of the key that signed the text, whose tag follows after so many bytes; -1: none did. Two keys may have the
    /// same id. Compares in constant time (promise 6).
    member buffer.Signer(covered: int) : int =
        let keyId =
            BinaryPrimitives.ReadUInt16BigEndian(Span.op_Implicit (buffer.Bytes.Slice SignedLayout.keyId))
        let tag = buffer.Bytes.Slice(covered, SignedLayout.tagLength)
        let mutable signer = -1
        let mutable key = 0

        while signer < 0 && key < ring.Keys.Length do
            if ring.Keys[key].Id = keyId then
                buffer.Hash(key, covered)
                let made = buffer.Output.Slice(0, SignedLayout.tagLength)

                if CryptographicOperations.FixedTimeEquals(Span.op_Implicit tag, made) then
                    signer <- key

            key <- key + 1

        signer
