namespace Runa.Session

open System
open System.Buffers

/// Which texts are base64url as this library writes it. Asked before the framework's decoder, which allocates and raises
/// where it meets another character.
module internal Base64UrlText =
    let private characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    let private alphabet = SearchValues.Create(characters.AsSpan())

    /// It has no character of another alphabet.
    let isOfAlphabet (text: ReadOnlySpan<char>) : bool = not (text.ContainsAnyExcept alphabet)

    /// Base64url leaves spare bits in the last character: they are zero in the one spelling that is ours.
    let isCanonical (text: ReadOnlySpan<char>) : bool =
        let last = characters.IndexOf text[text.Length - 1]

        match text.Length % 4 with
        | 0 -> true
        | 2 -> last &&& 15 = 0
        | 3 -> last &&& 3 = 0
        | _ -> false
