namespace Runa.Session

open System
open System.Collections.Generic
open Microsoft.AspNetCore.Http

/// Says to the schemes of sessions that a user was refused because a sign-in is too long ago, and for which sessions. Of
/// several schemes that refuse the same user, the one whose session was found stale first decides where to go.
[<Sealed>]
type internal StaleSessions() =
    let found = List<string>()
    let mutable decided = Int32.MaxValue

    static member Of(request: HttpContext) : StaleSessions =
        match request.Features.Get<StaleSessions>() with
        | null ->
            let stale = StaleSessions()
            request.Features.Set stale
            stale
        | stale -> stale

    member _.Add(sessionName: string) : unit =
        if not (found.Contains sessionName) then
            found.Add sessionName

    /// Whether the session's scheme sends the user to authenticate again.
    member _.Decides(sessionName: string) : bool =
        let at = found.IndexOf sessionName

        if at >= 0 && at <= decided then
            decided <- at
            true
        else
            false

    /// Whether a scheme has sent the user to authenticate again.
    member _.IsDecided = decided < Int32.MaxValue
