namespace Runa.Session

open System
open System.Buffers.Text
open System.Security.Cryptography
open System.Text

/// Encodes scope and owner for their columns, which are only compared. The document holds the original texts.
module internal SqlText =
    /// The most characters of an encoded text. PostgreSQL's index rows hold at most 2,704 bytes, enough for two such
    /// texts and a key.
    let maxLength = 400

    // Escaped characters begin with `%` and a hexadecimal digit, so nothing else begins with `%#`.
    let private digested = "%#"

    let private digest (text: string) : string =
        Base64Url.EncodeToString(ReadOnlySpan(SHA256.HashData(Encoding.UTF8.GetBytes text)))

    /// The scope of rows that hold epochs. No application has it.
    let epochScope = "%epoch"

    /// Encodes a text; different texts stay different. `%`, control characters and unpaired surrogates, which a
    /// database may refuse (NUL in PostgreSQL), become `%` and four hexadecimal digits. A long text is replaced by its
    /// beginning and its SHA-256.
    let encode (text: string) : string =
        let builder = StringBuilder text.Length

        text
        |> String.iteri (fun i c ->
            let isPaired =
                (Char.IsHighSurrogate c && i + 1 < text.Length && Char.IsLowSurrogate text[i + 1])
                || (Char.IsLowSurrogate c && i > 0 && Char.IsHighSurrogate text[i - 1])

            if c = '%' || Char.IsControl c || (Char.IsSurrogate c && not isPaired) then
                builder.Append('%').Append((int c).ToString "X4") |> ignore
            else
                builder.Append c |> ignore)

        if builder.Length <= maxLength then
            builder.ToString()
        else
            let digest = digest (builder.ToString())
            let start = maxLength - digested.Length - digest.Length
            // Do not cut a surrogate pair in half.
            let start = if Char.IsHighSurrogate builder[start - 1] then start - 1 else start
            builder.ToString(0, start) + digested + digest

    // The key of an epoch has 49 characters, and a store key 22, so they never collide.
    let private epochKey (kind: string) (texts: string list) =
        // An encoded text contains no line feed.
        "epoch." + digest (String.Join('\n', kind :: texts))

    /// The key of the row that holds a scope's epoch.
    let scopeEpoch (scope: string) : string = epochKey "scope" [ encode scope ]

    /// The key of the row that holds an owner's epoch.
    let ownerEpoch (scope: string) (owner: string) : string = epochKey "owner" [ encode scope; encode owner ]
