namespace Runa.Session

open System
open System.Threading
open Microsoft.Extensions.Primitives

/// The session's token in the Cookie header.
module internal TokenSearch =
    /// Cookies of one name that are tried: a browser can hold one for each path and domain, and a neighbour can plant some.
    let mostCandidates = 4

    /// The first genuine one of at most four candidates, the first `tried` of which are passed over; they are counted there.
    /// `sawForeign`: one had the right shape and a tag of somebody else.
    let tryNext
        (session: NamedSession, header: StringValues, tried: byref<int>, sawForeign: byref<bool>)
        : StorePlace voption =
        let name = session.Settings.CookieName
        let mutable found = ValueNone
        let mutable candidates = 0
        let mutable line = 0

        while found.IsNone && line < header.Count do
            match header[line] with
            | null -> ()
            | text ->
                let mutable position = 0
                let mutable start = 0
                let mutable length = 0

                while found.IsNone
                      && candidates < mostCandidates
                      && CookieHeader.tryNext (text, name, &position, &start, &length) do
                    candidates <- candidates + 1

                    if candidates > tried then
                        match session.Token.Read(text.AsSpan(start, length)) with
                        | TokenReading.Genuine key ->
                            found <- ValueSome { Key = key; Token = text.AsMemory(start, length); Pieces = 0 }
                        | TokenReading.Foreign -> sawForeign <- true
                        | TokenReading.Malformed -> ()

            line <- line + 1

        tried <- max tried candidates
        found

    /// The first genuine one.
    let tryFind (session: NamedSession, header: StringValues, sawForeign: byref<bool>) : StorePlace voption =
        let mutable tried = 0
        tryNext (session, header, &tried, &sawForeign)
