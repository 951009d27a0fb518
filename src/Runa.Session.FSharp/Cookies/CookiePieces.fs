namespace Runa.Session

open System
open System.Globalization
open System.Text
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Primitives

/// Cookies too long for a browser (4 KiB), in pieces: the cookie says "chunks-3", and three more cookies, whose names
/// end in C1 to C3, hold the text. The framework's ChunkingCookieManager cuts and joins, on a context of its own that
/// holds nothing but our cookies.
module internal CookiePieces =
    let private prefix = "chunks-"

    /// More are never made: of the longest text, with the longest attributes.
    let most = 8

    /// Over it, attributes leave too little room in a piece; and browsers ignore a longer one (RFC 6265bis §5.6).
    let longestPath = 1024

    let private manager = ChunkingCookieManager()
    let private number (n: int) = n.ToString CultureInfo.InvariantCulture

    /// The name of a piece, counted from 1.
    let nameOf (cookie: string) (piece: int) : string = $"{cookie}C{number piece}"

    /// The value of the cookie of this name at this place among those of its name, or the last one.
    let private tryValue (header: StringValues) (name: string) (wanted: int) : ReadOnlyMemory<char> voption =
        let mutable found = ValueNone
        let mutable seen = -1

        for line in header do
            match line with
            | null -> ()
            | text ->
                let mutable position = 0
                let mutable start = 0
                let mutable length = 0

                while seen < wanted && CookieHeader.tryNext (text, name, &position, &start, &length) do
                    seen <- seen + 1
                    found <- ValueSome(text.AsMemory(start, length))

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
        let pairs = StringBuilder $"{cookie}={prefix}{number count}"
        let mutable length = 0
        let mutable isWhole = true

        for piece in 1..count do
            if isWhole then
                let name = nameOf cookie piece

                match tryValue header name place with
                | ValueSome value when SealedCookie.IsPiece value.Span && length + value.Length <= SealedCookie.Longest ->
                    length <- length + value.Length
                    pairs.Append("; ").Append(name).Append('=').Append(value) |> ignore
                | _ -> isWhole <- false

        if isWhole then
            let context = DefaultHttpContext()
            context.Request.Headers.Cookie <- StringValues(pairs.ToString())
            ValueOption.ofObj (manager.GetRequestCookie(context, cookie))
        else
            ValueNone

    /// Takes back the pieces of these numbers.
    let private expirePieces (cookie: SetCookie) (first: int) (last: int) (isHttps: bool) =
        [ for piece in first..last -> cookie.Expire(nameOf cookie.Name piece, isHttps) ]

    /// The Set-Cookie texts of a sealed text, the number of its pieces (0: whole), and those that take back what the
    /// browser holds of a longer one.
    let set
        (cookie: SetCookie)
        (text: string)
        (remaining: TimeSpan)
        (held: int)
        (isHttps: bool)
        : struct (string list * int) =
        let context = DefaultHttpContext()
        manager.AppendResponseCookie(context, cookie.Name, text, cookie.Options(remaining, isHttps))

        let texts = [ for text in context.Response.Headers.SetCookie -> string text ]
        let pieces = texts.Length - 1
        struct (texts @ expirePieces cookie (pieces + 1) held isHttps, pieces)

    /// The Set-Cookie texts that take the cookie and all its pieces back.
    let expire (cookie: SetCookie) (held: int) (isHttps: bool) : string list =
        cookie.Expire isHttps :: expirePieces cookie 1 held isHttps
