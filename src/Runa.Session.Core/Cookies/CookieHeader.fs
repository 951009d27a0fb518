namespace Runa.Session

open System
open Microsoft.Extensions.Primitives

/// Walks through the cookies of one name in a request's Cookie header, in order. Names are compared exactly, and values
/// are not decoded. (The framework's collection ignores case and percent-decodes, so other cookies could pass for
/// ours.)
[<Struct; NoComparison; NoEquality>]
type internal CookieWalk =
    val private header: StringValues
    val private name: string
    val mutable private line: int
    val mutable private position: int
    val mutable private start: int
    val mutable private length: int

    new(header: StringValues, name: string) =
        { header = header; name = name; line = 0; position = 0; start = 0; length = 0 }

    static member private IsBlank(c: char) = c = ' ' || c = '\t'

    /// RFC 6265 §5.4: pairs are separated by semicolons; white space around names and values does not count.
    member private walk.NextIn(text: string) : bool =
        let name = walk.name
        let mutable found = false

        while not found && walk.position < text.Length do
            let stop =
                match text.IndexOf(';', walk.position) with
                | -1 -> text.Length
                | stop -> stop

            let mutable first = walk.position

            while first < stop && CookieWalk.IsBlank text[first] do
                first <- first + 1

            let pair = text.AsSpan(first, stop - first)

            if pair.StartsWith(name.AsSpan(), StringComparison.Ordinal) then
                let mutable equals = name.Length

                while equals < pair.Length && CookieWalk.IsBlank pair[equals] do
                    equals <- equals + 1

                if equals < pair.Length && pair[equals] = '=' then
                    let mutable from = first + equals + 1
                    let mutable last = stop

                    while from < last && CookieWalk.IsBlank text[from] do
                        from <- from + 1

                    while last > from && CookieWalk.IsBlank text[last - 1] do
                        last <- last - 1

                    walk.start <- from
                    walk.length <- last - from
                    found <- true

            walk.position <- stop + 1

        found

    /// How many cookies of one name are tried. A browser can hold one for each path and domain, and a neighbouring site
    /// can plant some.
    static member MostCandidates = 4

    /// Moves to the next cookie of the name. Returns false if there is none.
    member walk.Next() : bool =
        let mutable found = false

        while not found && walk.line < walk.header.Count do
            found <-
                match walk.header[walk.line] with
                | null -> false
                | text -> walk.NextIn text

            if not found then
                walk.line <- walk.line + 1
                walk.position <- 0

        found

    /// The value of the current cookie, as a slice of the header.
    member walk.Value: ReadOnlyMemory<char> = walk.header[walk.line].AsMemory(walk.start, walk.length)

    /// The same as a span, which cannot be kept.
    member walk.Text: ReadOnlySpan<char> = walk.header[walk.line].AsSpan(walk.start, walk.length)
