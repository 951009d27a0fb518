namespace Runa.Session

open System
open System.Collections.Generic
open Microsoft.Extensions.Options

/// The application's configuration of sessions is wrong: it does not start. All mistakes are named at once.
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

/// The store could not be read or written, or did not answer in time (promise 14). SessionsLeftException is one of these.
type SessionStoreException(message: string, mayHaveBeenSaved: bool, inner: exn | null) =
    inherit Exception(message, inner)

    /// True when the outcome of a write is unknown: it may or may not be in the store.
    member _.MayHaveBeenSaved: bool = mayHaveBeenSaved

/// The store failed while the sessions of an owner were being ended: some have ended, others may live on (promise 27). Call
/// again when the store works: it ends what is left.
[<Sealed>]
type SessionsLeftException internal (message: string, ended: int, left: int, inner: exn | null) =
    inherit SessionStoreException(message, true, inner)

    /// How many living sessions have ended.
    member _.Ended: int = ended

    /// How many were found and could not be ended. There may be more that were not found, since the list broke off.
    member _.Left: int = left

/// The change could not be saved because other requests were ahead of it: the session ended, moved to a new id, or kept
/// changing. Nothing of it was stored.
[<Sealed>]
type SessionConflictException(message: string) =
    inherit Exception(message)

/// The session would be larger than its setting MaxBytes, or than a cookie may be where it lives in one (promise 18).
/// Nothing was stored.
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

    /// Over the setting MaxBytes.
    static member internal ForSetting(session: string, size: int, limit: int, largest: (string * int) option) =
        let what = $"has {size} bytes, its limit (max_bytes) is {limit}"
        SessionTooLargeException(what, session, size, limit, largest)

    /// Over what a cookie may hold, in characters.
    static member internal ForCookie(session: string, size: int, limit: int, largest: (string * int) option) =
        let what =
            $"takes {size} characters of cookie, the limit of the driver cookie is {limit} (keep less in it, or choose a driver with a store)"

        SessionTooLargeException(what, session, size, limit, largest)

    /// The name of the session.
    member _.Session: string = session

    /// Bytes it would take, in UTF-8; over the limit of a cookie, its characters.
    member _.Size: int = size

    /// The setting MaxBytes; over the limit of a cookie, 8,192.
    member _.Limit: int = limit

    /// The key whose value or flashes take the most bytes; null where it has neither.
    member _.LargestKey: string | null = largest |> Option.map fst |> Option.toObj
