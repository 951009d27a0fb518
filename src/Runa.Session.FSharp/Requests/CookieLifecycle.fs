namespace Runa.Session

open System
open System.IO
open Microsoft.Extensions.Primitives

/// Loads and commits sessions that live in their cookie: what SessionLifecycle does with a store, without one.
module internal CookieLifecycle =
    /// The first cookie that opens, of at most four candidates, whole ones or in pieces.
    let private tryOpen
        (session: NamedSession, seal: SealedCookie, header: StringValues, sawForeign: byref<bool>)
        : byte[] voption =
        let name = session.Settings.CookieName
        let mutable opened = ValueNone
        let mutable candidates = 0

        for line in header do
            match line with
            | null -> ()
            | text ->
                let mutable position = 0
                let mutable start = 0
                let mutable length = 0

                while opened.IsNone
                      && candidates < TokenSearch.mostCandidates
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
                    | SealReading.Opened plaintext -> opened <- ValueSome plaintext
                    | SealReading.Foreign -> sawForeign <- true
                    | SealReading.Malformed -> ()

        opened

    let private place (pieces: int) : StorePlace = { Unchecked.defaultof<StorePlace> with Pieces = pieces }

    /// Genuine, but written in a form that this version does not know: an error as from any store (promise 14).
    let private record (session: NamedSession) (plaintext: byte[]) : SessionRecord =
        try
            RecordFormat.read (ReadOnlySpan plaintext)
        with :? InvalidDataException as e ->
            raise (
                SessionStoreException(
                    $"The cookie of the session \"{session.Name}\" is genuine and cannot be read: {e.Message}",
                    false,
                    e
                )
            )

    /// From the raw Cookie header. The absolute end is inside, and enforced.
    let load (session: NamedSession, seal: SealedCookie, header: StringValues, sawForeign: byref<bool>) : Loaded =
        let held = CookiePieces.held header session.Settings.CookieName

        match tryOpen (session, seal, header, &sawForeign) with
        | ValueSome plaintext -> Loaded.ofRecord session (place held) (record session plaintext)
        | ValueNone -> Loaded.newAt session (place held)

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

        let saved =
            Loaded(session, SessionStatus.Active, place (max held pieces), ValueSome record, record.State, now)

        Outcome.Done(saved, change)

    /// Carries the plan out. Nothing here waits.
    let execute (session: NamedSession) (seal: SealedCookie) (loaded: Loaded) (plan: Plan) : Outcome =
        match plan with
        | Plan.Nothing
        | Plan.Touch _
        | Plan.Superseded -> Outcome.Done(loaded, CookieChange.None)
        | Plan.Create state
        | Plan.Replace(state, _)
        | Plan.Rekey state
        | Plan.DeleteThenCreate state -> save session seal loaded state
        | Plan.Delete ->
            let held = loaded.Place.Pieces
            let change = CookieChange.Texts(fun isHttps -> CookiePieces.expire session.Cookie held isHttps)
            Outcome.Done(Loaded.newAt session (place held), change)
