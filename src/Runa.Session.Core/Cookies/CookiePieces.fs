namespace Runa.Session

open System
open System.Globalization
open System.Text
open Microsoft.Extensions.Primitives

/// Cookies too long for a browser (4 KiB), in pieces: the cookie says "chunks-3", and three more cookies, whose names
/// end in C1 to C3, hold the text. It is the form of the framework's ChunkingCookieManager, which needs ASP.NET Core.
module internal CookiePieces =
    let private prefix = "chunks-"

    /// More are never made: of the longest text, with the longest attributes.
    let most = 8

    /// The longest Set-Cookie text: the framework's bound, which leaves some of the 4,096 bytes that browsers take.
    let private longestLine = 4050

    /// Whatever the attributes are, a text shorter than this is whole: they take less than 2,000 characters.
    let private alwaysWhole = 2048

    /// Over it, attributes leave too little room in a piece; and browsers ignore a longer one (RFC 6265bis §5.6).
    let longestPath = 1024

    let private number (n: int) = n.ToString CultureInfo.InvariantCulture

    /// The name of a piece, counted from 1.
    let nameOf (cookie: string) (piece: int) : string = $"{cookie}C{number piece}"

    /// The value of the cookie of this name at this place among those of its name, or the last one.
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

    /// How many pieces a cookie's value speaks of, if it does.
    let tryCount (value: ReadOnlySpan<char>) : int voption =
        // At most 8: a single digit.
        if value.Length = prefix.Length + 1 && value.StartsWith(prefix.AsSpan(), StringComparison.Ordinal) then
            let count = int value[prefix.Length] - int '0'
            if count >= 1 && count <= most then ValueSome count else ValueNone
        else
            ValueNone

    /// The text of so many pieces; of several cookies of one name, those at the same place as the one that spoke of them.
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

    /// The cookies that hold a text: one, or as many pieces as it needs and before them the one that says how many.
    let private cut (cookie: SetCookie) (text: string) (maxAge: TimeSpan) : CookieLine list =
        let line name value : CookieLine = { Name = name; Value = ValueSome value; MaxAge = maxAge }

        if text.Length < alwaysWhole then
            [ line cookie.Name text ]
        else
            let overhead = cookie.Overhead(line cookie.Name "")
            // Three characters for what is appended to the name.
            let room = longestLine - overhead - 3

            if overhead + text.Length < longestLine then
                [ line cookie.Name text ]
            else
                let pieces = text |> Seq.chunkBySize room |> Seq.map String |> List.ofSeq

                line cookie.Name $"{prefix}{number pieces.Length}"
                :: (pieces |> List.mapi (fun index piece -> line (nameOf cookie.Name (index + 1)) piece))

    /// How many pieces a text needs; 0: it is whole.
    let count (cookie: SetCookie) (text: string) (maxAge: TimeSpan) : int = (cut cookie text maxAge).Length - 1

    let private takeBack (name: string) : CookieLine = { Name = name; Value = ValueNone; MaxAge = TimeSpan.Zero }

    let private takeBackPieces (cookie: SetCookie) (first: int) (last: int) =
        [ for piece in first..last -> takeBack (nameOf cookie.Name piece) ]

    /// The cookies that a response sends. What the browser holds of a longer text is taken back.
    let lines (cookie: SetCookie) (now: DateTimeOffset) (change: CookieChange) : CookieLine list =
        match change with
        | CookieChange.None -> []
        | CookieChange.Set(value, until, held) ->
            let sent = cut cookie (value.ToString()) (until - now)
            sent @ takeBackPieces cookie sent.Length held
        | CookieChange.Expire held -> takeBack cookie.Name :: takeBackPieces cookie 1 held
