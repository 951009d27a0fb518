namespace Runa

open System
open System.Collections.Generic
open Microsoft.Extensions.Options

/// The configuration of sessions is wrong, so the application does not start. The message names all mistakes at once.
[<Sealed>]
type SessionConfigurationException(errors: string seq) =
    inherit OptionsValidationException(Options.DefaultName, typeof<SessionConfigurationException>, errors)
    let errors = Array.ofSeq errors

    /// One sentence for each mistake.
    member _.Errors: IReadOnlyList<string> = errors

    override _.Message =
        match errors with
        | [| error |] -> error
        | errors -> "Sessions are misconfigured:" + String.Join("", errors |> Array.map (fun error -> "\n- " + error))

/// The store could not be read or written, or did not answer in time (promise 14). SessionsLeftException derives from
/// this.
type SessionStoreException(message: string, mayHaveBeenSaved: bool, inner: exn | null) =
    inherit Exception(message, inner)

    /// Whether the outcome of a write is unknown: the change may be in the store or not.
    member _.MayHaveBeenSaved: bool = mayHaveBeenSaved

/// The store failed while the sessions of an owner were being ended. Some have ended, others may still be alive
/// (promise 27). To end those too, call again when the store works.
[<Sealed>]
type SessionsLeftException internal (message: string, ended: int, left: int, inner: exn | null) =
    inherit SessionStoreException(message, true, inner)

    /// The number of live sessions that were ended.
    member _.Ended: int = ended

    /// The number of sessions that were found but could not be ended. If the list broke off, there may be more.
    member _.Left: int = left

/// The change could not be saved, because other requests were first: the session ended, moved to a new id, or kept
/// changing. Nothing of the change was stored.
[<Sealed>]
type SessionConflictException(message: string) =
    inherit Exception(message)

/// The owner has as many sessions as the setting MaxSessions allows, and WhenFull is Refuse. Nobody was signed in, and
/// nothing was stored.
[<Sealed>]
type SessionLimitException(session: string, limit: int) =
    inherit
        Exception(
            $"The owner has {limit} sessions \"{session}\", which is the limit (max_sessions), so the sign-in was refused. Nothing was saved."
        )

    /// The name of the session.
    member _.Session: string = session

    /// The setting MaxSessions.
    member _.Limit: int = limit

/// The session is bound to a device, or must be, and the request does not come from that device, as far as is known
/// (SessionStatus.Unproven). Nothing was stored. The answer is 401.
[<Sealed>]
type SessionUnprovenException(session: string) =
    inherit
        Exception(
            $"The session \"{session}\" is bound to a device, or must be (device_bound), and this request does not prove that it comes from there: its bound cookie is missing, or too old. Nothing was saved. Sign in again."
        )

    /// The name of the session.
    member _.Session: string = session

/// The session would be larger than its setting MaxBytes, or, if it lives in its cookie, than a cookie may be (promise
/// 18). Nothing was stored.
[<Sealed>]
type SessionTooLargeException
    private (what: string, session: string, size: int, limit: int, largest: (string * int) option) =
    inherit
        Exception(
            let largestKey =
                match largest with
                | Some(key, bytes) -> $"; the largest key is \"{key}\" with {bytes} bytes"
                | None -> ""

            $"The session \"{session}\" {what}{largestKey}. Nothing was saved."
        )

    /// The session is larger than the setting MaxBytes.
    static member internal ForSetting(session: string, size: int, limit: int, largest: (string * int) option) =
        let what = $"has {size} bytes, its limit (max_bytes) is {limit}"
        SessionTooLargeException(what, session, size, limit, largest)

    /// The session's cookie would have too many characters.
    static member internal ForCookie(session: string, size: int, limit: int, largest: (string * int) option) =
        let what =
            $"takes {size} characters of cookie, the limit of the driver cookie is {limit} (keep less in it, or choose a driver with a store)"

        SessionTooLargeException(what, session, size, limit, largest)

    /// The name of the session.
    member _.Session: string = session

    /// The size of the session in bytes of UTF-8; for the limit of a cookie, in characters of the cookie.
    member _.Size: int = size

    /// The limit: the setting MaxBytes; for a cookie, 8,192 characters.
    member _.Limit: int = limit

    /// The key whose value or flashes take the most bytes. Null: the session has no values and no flashes.
    member _.LargestKey: string | null = largest |> Option.map fst |> Option.toObj

namespace Runa.Session

/// The configuration of sessions is wrong, so the application does not start. The message names all mistakes at once.
type SessionConfigurationException = Runa.SessionConfigurationException

/// The store could not be read or written, or did not answer in time. SessionsLeftException derives from this.
type SessionStoreException = Runa.SessionStoreException

/// The store failed while the sessions of an owner were being ended. To end those that are left, call again.
type SessionsLeftException = Runa.SessionsLeftException

/// The change could not be saved, because other requests were first. Nothing of it was stored.
type SessionConflictException = Runa.SessionConflictException

/// The session would be larger than its limit. Nothing was stored.
type SessionTooLargeException = Runa.SessionTooLargeException

/// The owner has as many sessions as the setting MaxSessions allows, and WhenFull is Refuse. Nothing was stored.
type SessionLimitException = Runa.SessionLimitException

/// The session is bound to a device, or must be, and the request does not come from there, as far as is known. Nothing was
/// stored.
type SessionUnprovenException = Runa.SessionUnprovenException
