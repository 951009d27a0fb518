namespace Runa.Session

open System
open System.Globalization
open System.Text
open Microsoft.Extensions.Primitives
open Runa.Session.Hosting

/// Splits cookies that are too long for a browser (4 KiB) into pieces. The cookie says "chunks-3", and three more
/// cookies, whose names end in C1 to C3, hold the text. This is the format of the framework's ChunkingCookieManager,
/// which needs ASP.NET Core.
module internal CookiePieces =
    let private prefix = "chunks-"

    /// The most pieces: those of the longest text with the longest attributes.
    let most = 8

    /// The longest Set-Cookie text. The framework has the same limit, a little below the 4,096 bytes that browsers
    /// accept.
    let private longestLine = 4050

    /// A shorter text is never split: attributes take fewer than 2,000 characters.
    let private alwaysWhole = 2048

    /// The longest cookie path. A longer one leaves too little room in a piece, and browsers ignore it (RFC 6265bis
    /// §5.6).
    let longestPath = 1024

    let private number (n: int) = n.ToString CultureInfo.InvariantCulture

    /// The name of a piece, counted from 1.
    let nameOf (cookie: string) (piece: int) : string = $"{cookie}C{number piece}"

    /// The value of the cookie at this position among those of the name, or of the last one if there are fewer.
    let private tryValue (header: StringValues) (name: string) (wanted: int) : ReadOnlyMemory<char> voption =
        let mutable walk = CookieWalk(header, name)
        let mutable found = ValueNone
        let mutable seen = -1

        while seen < wanted && walk.Next() do
            seen <- seen + 1
            found <- ValueSome walk.Value

        found

    /// The number of the last piece that the browser holds; 0: none.
    let held (header: StringValues) (cookie: string) : int =
        let mutable last = 0

        for piece in 1..most do
            if (tryValue header (nameOf cookie piece) 0).IsSome then
                last <- piece

        last

    /// The number of pieces that a cookie's value announces, if it announces any.
    let tryCount (value: ReadOnlySpan<char>) : int voption =
        // There are at most 8 pieces, so the number is a single digit.
        if value.Length = prefix.Length + 1 && value.StartsWith(prefix.AsSpan(), StringComparison.Ordinal) then
            let count = int value[prefix.Length] - int '0'
            if count >= 1 && count <= most then ValueSome count else ValueNone
        else
            ValueNone

    /// Joins the text of `count` pieces. If several cookies have a piece's name, the one at `place` counts: the
    /// position of the cookie that announced the pieces among those of its own name.
    let tryJoin (header: StringValues) (cookie: string) (place: int) (count: int) : string voption =
        let joined = StringBuilder()
        let mutable isWhole = true

        for piece in 1..count do
            if isWhole then
                match tryValue header (nameOf cookie piece) place with
                | ValueSome value when
                    SealedCookie.IsPiece value.Span && joined.Length + value.Length <= SealedCookie.Longest
                    ->
                    joined.Append value |> ignore
                | _ -> isWhole <- false

        if isWhole then ValueSome(joined.ToString()) else ValueNone

    /// The cookies that hold a text: one cookie, or one that announces the pieces, followed by the pieces.
    let private cut (cookie: SetCookie) (text: string) (maxAge: TimeSpan) : CookieLine list =
        let line name value : CookieLine = { Name = name; Value = ValueSome value; MaxAge = maxAge }

        if text.Length < alwaysWhole then
            [ line cookie.Name text ]
        else
            let overhead = cookie.Overhead(line cookie.Name "")
            // Three characters for the suffix of the name.
            let room = longestLine - overhead - 3

            if overhead + text.Length < longestLine then
                [ line cookie.Name text ]
            else
                let pieces = text |> Seq.chunkBySize room |> Seq.map String |> List.ofSeq

                line cookie.Name $"{prefix}{number pieces.Length}"
                :: (pieces |> List.mapi (fun index piece -> line (nameOf cookie.Name (index + 1)) piece))

    /// How many pieces a text needs; 0: it fits in one cookie.
    let count (cookie: SetCookie) (text: string) (maxAge: TimeSpan) : int = (cut cookie text maxAge).Length - 1

    let private takeBack (name: string) : CookieLine = { Name = name; Value = ValueNone; MaxAge = TimeSpan.Zero }

    let private takeBackPieces (cookie: SetCookie) (first: int) (last: int) =
        [ for piece in first..last -> takeBack (nameOf cookie.Name piece) ]

    /// The cookies that a response sends. Pieces that the browser holds of a longer text are expired.
    let lines (cookie: SetCookie) (now: DateTimeOffset) (change: CookieChange) : CookieLine list =
        match change with
        | CookieChange.None -> []
        | CookieChange.Set(value, until, held) ->
            let sent = cut cookie (value.ToString()) (until - now)
            sent @ takeBackPieces cookie sent.Length held
        | CookieChange.Expire held -> takeBack cookie.Name :: takeBackPieces cookie 1 held
