namespace Runa.Session

open System

/// Finds the tokens of a session among a request's cookies.
module internal TokenSearch =
    let isOurs (definition: SessionDefinition) (value: ReadOnlySpan<char>) : bool =
        match definition.Token.Read value with
        | TokenReading.Genuine _ -> true
        | TokenReading.Foreign
        | TokenReading.Malformed -> false

    /// Moves to the next genuine token among at most four candidates, which `tried` counts. `sawForeign`: a candidate
    /// had the right shape, but none of our secrets signed it.
    let tryNext
        (definition: SessionDefinition, walk: byref<CookieWalk>, tried: byref<int>, sawForeign: byref<bool>)
        : Place voption =
        let mutable found = ValueNone

        while found.IsNone && tried < CookieWalk.MostCandidates && walk.Next() do
            tried <- tried + 1

            match definition.Token.Read walk.Text with
            | TokenReading.Genuine token -> found <- ValueSome { Token = token; Pieces = 0 }
            | TokenReading.Foreign -> sawForeign <- true
            | TokenReading.Malformed -> ()

        found
