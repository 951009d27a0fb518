namespace Runa.Session

open System

/// The tokens of a session among a request's cookies.
module internal TokenSearch =
    let isOurs (definition: SessionDefinition) (value: ReadOnlySpan<char>) : bool =
        match definition.Token.Read value with
        | TokenReading.Genuine _ -> true
        | TokenReading.Foreign
        | TokenReading.Malformed -> false

    /// Goes on to the next genuine token of at most four candidates; `tried` counts them. `sawForeign`: one had the right
    /// shape and a tag of somebody else.
    let tryNext
        (definition: SessionDefinition, walk: byref<CookieWalk>, tried: byref<int>, sawForeign: byref<bool>)
        : Place voption =
        let mutable found = ValueNone

        while found.IsNone && tried < CookieWalk.MostCandidates && walk.Next() do
            tried <- tried + 1

            match definition.Token.Read walk.Text with
            | TokenReading.Genuine key -> found <- ValueSome { Key = key; Token = walk.Value; Pieces = 0 }
            | TokenReading.Foreign -> sawForeign <- true
            | TokenReading.Malformed -> ()

        found
