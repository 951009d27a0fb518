namespace Runa.Session

open System
open System.Buffers.Text
open System.Security.Cryptography
open System.Text

/// Scope and owner as the columns hold them. They are compared in this form only; what they were stands in the document.
module internal SqlText =
    /// PostgreSQL's index rows hold at most 2,704 bytes: two texts of this many characters and a key fit.
    let maxLength = 400

    // What is escaped is `%` and four digits; nothing else here begins with `%`.
    let private digested = "%#"

    let private digest (text: string) : string =
        Base64Url.EncodeToString(ReadOnlySpan(SHA256.HashData(Encoding.UTF8.GetBytes text)))

    /// A scope that no application has: the rows that hold the owners' epochs.
    let epochScope = "%epoch"

    /// Equal only for equal texts. `%`, control characters and unpaired surrogates, which a database may refuse (NUL in
    /// PostgreSQL), become `%` and four hexadecimal digits; of a long text, the beginning and its SHA-256 are left.
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
            // Half a pair would be no text.
            let start = if Char.IsHighSurrogate builder[start - 1] then start - 1 else start
            builder.ToString(0, start) + digested + digest

    // 49 characters: no store key, which has 22, is the key of an epoch.
    let private epochKey (kind: string) (texts: string list) =
        // No encoded text holds a line feed.
        "epoch." + digest (String.Join('\n', kind :: texts))

    /// The key of the row that holds a scope's epoch.
    let scopeEpoch (scope: string) : string = epochKey "scope" [ encode scope ]

    /// The key of the row that holds an owner's epoch.
    let ownerEpoch (scope: string) (owner: string) : string = epochKey "owner" [ encode scope; encode owner ]
