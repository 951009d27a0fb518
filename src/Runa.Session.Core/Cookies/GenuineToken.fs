namespace Runa.Session

open System
open System.Buffers.Text
open System.Runtime.InteropServices

/// The fields of a token, by offset and length. A token of the second version has been rotated: its generation stands
/// before its tag.
module internal TokenLayout =
    let version = 1uy
    let rotated = 2uy
    let id = 3
    let idLength = 32
    let generation = 35
    let generationLength = 3
    let mostGenerations = 0xFFFFFF

    /// Where the tag is, which covers all that comes before it.
    let tag (version: byte) = if version = rotated then generation + generationLength else generation

    /// 51 or 54 bytes are exactly 68 or 72 characters of base64url, with no spare bits.
    let length (version: byte) = tag version + SignedLayout.tagLength

    let longest = length rotated

    /// The version of a token with so many characters; 0: none has.
    let versionOfText (characters: int) =
        match characters with
        | 68 -> version
        | 72 -> rotated
        | _ -> 0uy

/// The bytes of a token as words, filled up with zeros.
[<Struct; NoComparison; NoEquality; StructLayout(LayoutKind.Sequential)>]
type internal TokenWords =
    val mutable W0: uint64
    val mutable W1: uint64
    val mutable W2: uint64
    val mutable W3: uint64
    val mutable W4: uint64
    val mutable W5: uint64
    val mutable W6: uint64

    /// The words as the bytes of the token, to read or to write it.
    static member Bytes(words: byref<TokenWords>) : Span<byte> =
        MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(&words.W0, 7)).Slice(0, TokenLayout.longest)

/// A token that this application made, or whose tag it verified, and its store key.
[<Sealed; AllowNullLiteral; StructuredFormatDisplay("{Display}")>]
type internal GenuineToken(words: TokenWords, key: StoreKey) =
    member _.Key = key
    member _.Words = words

    /// The value of the cookie.
    member _.Text: string =
        let mutable words = words
        let bytes = TokenWords.Bytes &words
        Base64Url.EncodeToString(Span.op_Implicit (bytes.Slice(0, TokenLayout.length bytes[0])))

    /// How often the token was rotated.
    member _.Generation: int =
        let mutable words = words
        let bytes = TokenWords.Bytes &words

        if bytes[0] <> TokenLayout.rotated then
            0
        else
            let at = TokenLayout.generation
            (int bytes[at] <<< 16) ||| (int bytes[at + 1] <<< 8) ||| int bytes[at + 2]

    /// Whether it is this token. The time does not depend on where they differ.
    member _.Is(other: inref<TokenWords>) : bool =
        (words.W0 ^^^ other.W0)
        ||| (words.W1 ^^^ other.W1)
        ||| (words.W2 ^^^ other.W2)
        ||| (words.W3 ^^^ other.W3)
        ||| (words.W4 ^^^ other.W4)
        ||| (words.W5 ^^^ other.W5)
        ||| (words.W6 ^^^ other.W6)
            =
            0UL

    member _.Display = "GenuineToken"

    /// Promise 5: the token is not printed.
    override token.ToString() = token.Display
