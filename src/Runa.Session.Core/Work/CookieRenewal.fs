namespace Runa.Session

open System.Diagnostics

/// The cookie of a rotation, until it is too old to be sent: the browser may have got a newer one by another response.
/// `since`: a Stopwatch timestamp.
[<Sealed; AllowNullLiteral>]
type internal CookieRenewal(change: CookieChange, since: int64) =
    member _.Change: CookieChange =
        if Stopwatch.GetElapsedTime since > Rotation.flight then
            CookieChange.None
        else
            change

module internal CookieRenewal =
    /// The cookie of a rotation that was made just now.
    let now (change: CookieChange) : CookieRenewal = CookieRenewal(change, Stopwatch.GetTimestamp())

    /// What a response does with the cookie: its own change, or else the renewal. But the session may have ended or moved since
    /// (`now`; null: it is not loaded): then the cookie of the request that moved it must stay.
    let unless (own: CookieChange) (now: Snapshot) (renewal: CookieRenewal) : CookieChange =
        match own with
        | CookieChange.None when not (isNull renewal) && (isNull now || now.IsActive) -> renewal.Change
        | own -> own
