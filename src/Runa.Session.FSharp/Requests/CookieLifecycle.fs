namespace Runa.Session

open System
open System.IO
open Microsoft.Extensions.Primitives

/// Loads and commits sessions that live in their cookie: what SessionLifecycle does with a store, without one.
module internal CookieLifecycle =
    let private place (pieces: int) : StorePlace = { Unchecked.defaultof<StorePlace> with Pieces = pieces }

    /// What a genuine cookie holds; what it holds in a form that this version does not know is unreadable.
    let private ofPlaintext (session: NamedSession) (pieces: int) (plaintext: byte[]) : Loaded =
        try
            Loaded.ofRecord session (place pieces) (RecordFormat.read (ReadOnlySpan plaintext))
        with :? InvalidDataException ->
            Loaded.unreadable session (place pieces)

    /// An active session before any other, and of several active ones the one that was written last: a browser can hold an
    /// old cookie at another path or domain, which is good until its end and sent first.
    let private isBetter (a: Loaded) (b: Loaded) =
        a.Status = SessionStatus.Active
        && (b.Status <> SessionStatus.Active || Instant.isBefore a.State.LastSeenAt b.State.LastSeenAt)

    /// From the raw Cookie header: of at most four candidates, whole ones or in pieces, those that open. The absolute end is
    /// inside, and enforced.
    let load (session: NamedSession, seal: SealedCookie, header: StringValues, sawForeign: byref<bool>) : Loaded =
        let name = session.Settings.CookieName
        let held = CookiePieces.held header name
        let mutable best: Loaded = null
        let mutable candidates = 0

        for line in header do
            match line with
            | null -> ()
            | text ->
                let mutable position = 0
                let mutable start = 0
                let mutable length = 0

                while candidates < TokenSearch.mostCandidates
                      && CookieHeader.tryNext (text, name, &position, &start, &length) do
                    let value = text.AsSpan(start, length)

                    let reading =
                        match CookiePieces.tryCount value with
                        | ValueNone -> seal.Open value
                        | ValueSome count ->
                            match CookiePieces.tryJoin header name candidates count with
                            | ValueSome joined -> seal.Open(joined.AsSpan())
                            | ValueNone -> SealReading.Malformed

                    candidates <- candidates + 1

                    match reading with
                    | SealReading.Opened plaintext ->
                        let found = ofPlaintext session held plaintext

                        if isNull best || isBetter found best then
                            best <- found
                    | SealReading.Foreign -> sawForeign <- true
                    | SealReading.Malformed -> ()

        match best with
        | null -> Loaded.newAt session (place held)
        | best ->
            if best.Remains = Remains.Unreadable then
                Unreadable.report session "its cookie is genuine, and holds what this version does not read." null

            best

    /// Sealed anew, whatever the change: there is no id to change, and an old copy of the cookie stays good.
    let private save (session: NamedSession) (seal: SealedCookie) (loaded: Loaded) (state: SessionState) : Outcome =
        SessionSize.check session state
        let now = session.Now
        let record = Commit.record now session.Settings.IdleTimeout session.Scope (RecordVersion.Next()) state
        let plaintext = RecordFormat.write record
        let length = SealedCookie.TextLength plaintext.Length

        if length > SealedCookie.Longest then
            raise (
                SessionTooLargeException.ForCookie(
                    session.Name,
                    length,
                    SealedCookie.Longest,
                    SessionState.largest state
                )
            )

        let text = seal.Seal plaintext
        let held = loaded.Place.Pieces

        let make isHttps = CookiePieces.set session.Cookie text (state.ExpiresAt - now) held isHttps
        let struct (secured, pieces) = make true

        let change =
            CookieChange.Texts(fun isHttps ->
                if session.Cookie.IsSecure isHttps = session.Cookie.IsSecure true then
                    secured
                else
                    let struct (plain, _) = make isHttps
                    plain)

        Outcome.Done(Loaded.written session (place (max held pieces)) record loaded.Since, change)

    /// Carries the plan out. Nothing here waits.
    let execute (session: NamedSession) (seal: SealedCookie) (loaded: Loaded) (plan: Plan) : Outcome =
        match plan with
        | Plan.Nothing
        | Plan.Touch _
        | Plan.DeleteEnded
        | Plan.Superseded -> Outcome.Done(loaded, CookieChange.None)
        | Plan.Create state
        | Plan.Replace(state, _)
        | Plan.Rekey state
        | Plan.DeleteThenCreate state -> save session seal loaded state
        | Plan.Delete ->
            let held = loaded.Place.Pieces
            let change = CookieChange.Texts(fun isHttps -> CookiePieces.expire session.Cookie held isHttps)
            Outcome.Done(Loaded.newAt session (place held), change)
