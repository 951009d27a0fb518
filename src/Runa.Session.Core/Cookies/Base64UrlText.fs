namespace Runa.Session

open System
open System.Buffers
open System.Buffers.Text

/// Tells whether a text is base64url as this library writes it. Used before the framework's decoder, which allocates
/// and raises at any other character.
module internal Base64UrlText =
    let private characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    let private alphabet = SearchValues.Create(characters.AsSpan())

    /// Whether all characters are in the base64url alphabet.
    let isOfAlphabet (text: ReadOnlySpan<char>) : bool = not (text.ContainsAnyExcept alphabet)

    /// Whether the spare bits in the last character are zero, as in the one spelling that this library writes.
    let isCanonical (text: ReadOnlySpan<char>) : bool =
        let last = characters.IndexOf text[text.Length - 1]

        match text.Length % 4 with
        | 0 -> true
        | 2 -> last &&& 15 = 0
        | 3 -> last &&& 3 = 0
        | _ -> false

    /// The bytes of a text that is not empty, in the one spelling of base64url. ValueNone: it is something else.
    let tryDecode (text: string) : byte[] voption =
        let characters = text.AsSpan()

        if text = "" || not (isOfAlphabet characters && isCanonical characters) then
            ValueNone
        else
            ValueSome(Base64Url.DecodeFromChars characters)
