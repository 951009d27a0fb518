namespace Runa.Session

open System
open System.IO
open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// Sessions that live in their cookies, sealed.
module internal CookieHome =
    let private place (pieces: int) : Place = { Unchecked.defaultof<Place> with Pieces = pieces }

    /// What a genuine cookie holds. What it holds in a form that this version does not know is unreadable.
    let private ofPlaintext (definition: SessionDefinition) (pieces: int) (plaintext: byte[]) : Snapshot =
        try
            Snapshot.ofRecord definition (place pieces) (RecordFormat.read (ReadOnlySpan plaintext))
        with :? InvalidDataException ->
            Snapshot.unreadable definition (place pieces)

    /// An active session before any other, and of several active ones the one that was written last: a browser can hold an
    /// old cookie at another path or domain, which is good until its end and sent first.
    let private isBetter (a: Snapshot) (b: Snapshot) =
        a.Status = SessionStatus.Active
        && (b.Status <> SessionStatus.Active || Instant.isBefore a.State.LastSeenAt b.State.LastSeenAt)

    /// The cookie at this place among those of its name: whole, or with its pieces.
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

    /// The best of at most four candidates that open. The absolute end is inside, and enforced.
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
                DevelopmentHints.foreignCookie definition

            Snapshot.newAt definition (place held)
        | best ->
            if best.Remains = Remains.Unreadable then
                Unreadable.report definition "its cookie is genuine, and holds what this version does not read." null

            best

    /// Seals the session anew, whatever the change: there is no id to change, and an old copy of the cookie stays good.
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
        | Plan.Superseded -> Answer.written snapshot CookieChange.None
        | Plan.Create state
        | Plan.Replace(state, _)
        | Plan.Rekey state
        | Plan.DeleteThenCreate state -> save definition seal snapshot state
        | Plan.Delete ->
            let held = snapshot.Place.Pieces
            Answer.written (Snapshot.newAt definition (place held)) (CookieChange.Expire held)

    /// Every change needs a new cookie.
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
          Execute = fun snapshot plan -> Task.FromResult(Outcome.Committed(execute definition seal snapshot plan))
          NeedsCookie = needsCookie
          Handle = fun _ -> None
          Held = fun header -> CookiePieces.held header definition.Settings.CookieName
          IsOurs = isOurs definition seal }
