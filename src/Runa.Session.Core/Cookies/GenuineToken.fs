namespace Runa.Session

open System
open System.Buffers.Text
open System.Runtime.InteropServices

/// The fields of a token, by offset and length.
module internal TokenLayout =
    let version = 1uy
    let keyId = 1
    let id = 3
    let idLength = 32
    let tag = 35
    let tagLength = 16
    /// 51 bytes are exactly 68 characters of base64url, with no spare bits.
    let length = 51
    let textLength = 68

/// The 51 bytes of a token as words, filled up with zeros.
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
        MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(&words.W0, 7)).Slice(0, TokenLayout.length)

/// A token that this application made, or whose tag it verified, and its store key.
[<Sealed; AllowNullLiteral; StructuredFormatDisplay("{Display}")>]
type internal GenuineToken(words: TokenWords, key: StoreKey) =
    member _.Key = key
    member _.Words = words

    /// The value of the cookie.
    member _.Text: string =
        let mutable words = words
        Base64Url.EncodeToString(Span.op_Implicit (TokenWords.Bytes &words))

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
