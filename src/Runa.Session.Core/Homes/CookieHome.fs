namespace Runa.Session

open System
open System.IO
open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// The home of sessions that live, sealed, in their cookies.
module internal CookieHome =
    let private place (pieces: int) : Place = { Unchecked.defaultof<Place> with Pieces = pieces }

    /// The snapshot of a genuine cookie. Content in a format that this version does not know counts as unreadable.
    let private ofPlaintext (definition: SessionDefinition) (pieces: int) (plaintext: byte[]) : Snapshot =
        try
            Snapshot.ofRecord definition (place pieces) (RecordFormat.read (ReadOnlySpan plaintext))
        with :? InvalidDataException ->
            Snapshot.unreadable definition (place pieces)

    /// Prefers an active session, and of several active ones the one that was written last. A browser can hold an old
    /// cookie at another path or domain, which it sends first and which is good until its end.
    let private isBetter (a: Snapshot) (b: Snapshot) =
        a.IsActive && (not b.IsActive || Instant.isBefore a.State.LastSeenAt b.State.LastSeenAt)

    /// Opens the cookie at this position among those of its name, joining its pieces if it has any.
    let private read
        (definition: SessionDefinition)
        (seal: SealedCookie)
        header
        (index: int)
        (value: ReadOnlySpan<char>)
        =
        match CookiePieces.tryCount value with
        | ValueNone -> seal.Open value
        | ValueSome count ->
            match CookiePieces.tryJoin header definition.Settings.CookieName index count with
            | ValueSome joined -> seal.Open(joined.AsSpan())
            | ValueNone -> SealReading.Malformed

    /// Loads the best of at most four candidates that open. The cookie holds its absolute end, which is enforced.
    let private load (definition: SessionDefinition) (seal: SealedCookie) (header: StringValues) : Snapshot =
        let name = definition.Settings.CookieName
        let held = CookiePieces.held header name
        let mutable walk = CookieWalk(header, name)
        let mutable best: Snapshot = null
        let mutable tried = 0
        let mutable sawForeign = false

        while tried < CookieWalk.MostCandidates && walk.Next() do
            match read definition seal header tried walk.Text with
            | SealReading.Opened plaintext ->
                let found = ofPlaintext definition held plaintext

                if isNull best || isBetter found best then
                    best <- found
            | SealReading.Foreign -> sawForeign <- true
            | SealReading.Malformed -> ()

            tried <- tried + 1

        match best with
        | null ->
            if sawForeign then
                ForeignTokens.count definition
                ForeignTokens.hint definition

            Snapshot.newAt definition (place held)
        | best ->
            if definition.Telemetry.CountsLoads then
                definition.Telemetry.Loaded best.Found

            if best.Remains.IsUnreadable then
                Unreadable.report
                    definition
                    "its cookie is genuine, but its content is in a format that this version cannot read."
                    null

            best

    /// Seals the session anew, for every kind of change. There is no id to change, and an old copy of the cookie stays
    /// good.
    let private save (definition: SessionDefinition) (seal: SealedCookie) (snapshot: Snapshot) (state: SessionState) =
        SessionSize.check definition state
        let now = definition.Now
        let version = RecordVersion.Next()
        let record = NewRecord.live now definition.Settings.IdleTimeout definition.Scope version state
        let plaintext = RecordFormat.write record
        let length = SealedCookie.TextLength plaintext.Length

        if length > SealedCookie.Longest then
            raise (
                SessionTooLargeException.ForCookie(
                    definition.Name,
                    length,
                    SealedCookie.Longest,
                    SessionState.largest state
                )
            )

        let text = seal.Seal plaintext
        let held = snapshot.Place.Pieces
        let pieces = CookiePieces.count definition.Cookie text (state.ExpiresAt - now)
        let written = Snapshot.written definition (place (max held pieces)) record snapshot.Since
        Answer.written written (CookieChange.Set(text.AsMemory(), state.ExpiresAt, held))

    let private execute definition seal (snapshot: Snapshot) (plan: Plan) : Answer =
        match plan with
        | Plan.Nothing
        | Plan.Touch _ -> Answer.unwritten snapshot
        | Plan.DeleteEnded
        | Plan.Superseded
        | Plan.Unproven -> Answer.written snapshot CookieChange.None
        | Plan.Create state
        | Plan.Replace(state, _)
        | Plan.Rekey state -> save definition seal snapshot state
        | Plan.DeleteThenCreate state -> { save definition seal snapshot state with IsEnd = true }
        | Plan.Delete ->
            let held = snapshot.Place.Pieces
            Answer.ended (Snapshot.newAt definition (place held)) (CookieChange.Expire held)

    /// Every change needs a new cookie, even one that a store would save without.
    let private needsCookie (plan: Plan) =
        match plan with
        | Plan.Replace _ -> true
        | plan -> Plan.needsCookie plan

    let private isOurs definition seal header index (value: ReadOnlyMemory<char>) =
        match read definition seal header index value.Span with
        | SealReading.Opened _ -> true
        | SealReading.Foreign
        | SealReading.Malformed -> false

    let create (definition: SessionDefinition) (seal: SealedCookie) : Home =
        { Definition = definition
          Load = fun header -> ValueTask<Snapshot>(load definition seal header)
          Arrive = ValueNone
          Execute = fun snapshot plan -> ValueTask<Outcome>(Outcome.Committed(execute definition seal snapshot plan))
          NeedsCookie = needsCookie
          Handle = fun _ -> None
          Held = fun header -> CookiePieces.held header definition.Settings.CookieName
          IsOurs = isOurs definition seal }
