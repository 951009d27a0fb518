namespace Runa.Session

open Microsoft.Extensions.Logging

/// What shows that a session may have been stolen.
[<Struct; RequireQualifiedAccess>]
type internal TheftSign =
    /// A token was used long after it had been exchanged.
    | ReusedToken
    /// A proof of the session's device was signed with another key.
    | WrongKey

/// The lines about copied cookies, rotation and devices. None of them contains an id, a token or an owner (promise 5).
module internal TheftLog =
    let private suspectedAction =
        LoggerMessage.Define<string, string, string>(
            LogLevel.Warning,
            EventId(18, "TheftSuspected"),
            "The session \"{Session}\" may have been stolen: {Sign}. {Done}"
        )

    let suspected (log: ILogger) (session: string) (sign: TheftSign) (isEnded: bool) =
        let what =
            match sign with
            | TheftSign.ReusedToken ->
                "a token of it was used long after it had been exchanged for another (a browser that was killed before it kept its new cookie, and a restored or copied profile, look the same)"
            | TheftSign.WrongKey -> "a proof of its device was signed with another key"

        let done' =
            if isEnded then
                "The session was ended."
            else
                "Only the request that showed it is refused (on_theft = ignore)."

        suspectedAction.Invoke(log, session, what, done', null)

    let private notRotatedAction =
        LoggerMessage.Define<string>(
            LogLevel.Warning,
            EventId(19, "NotRotated"),
            "The token of the session \"{Session}\" could not be exchanged: the store failed. The request went on, and a later one tries again."
        )

    let notRotated (log: ILogger) (session: string) (e: exn) = notRotatedAction.Invoke(log, session, e)

    let private notBoundAction =
        LoggerMessage.Define<string>(
            LogLevel.Warning,
            EventId(24, "NotBound"),
            "The session \"{Session}\" could not be bound to its device: the store failed. The request went on, and a later one tries again."
        )

    let notBound (log: ILogger) (session: string) (e: exn) = notBoundAction.Invoke(log, session, e)

    let private unboundAction =
        LoggerMessage.Define<string>(
            LogLevel.Warning,
            EventId(25, "Unbound"),
            "A request for the session \"{Session}\" was refused, because the session was not bound to its device within 6 minutes of the sign-in (device_bound = require). The browser may not know Device Bound Session Credentials, or a proxy may remove the headers that begin with Secure-Session, Sec-Secure-Session or Sec-CH-UA. If this concerns many users, set device_bound = offer. (Said once for each session name.)"
        )

    let unbound (log: ILogger) (session: string) = unboundAction.Invoke(log, session, null)

    let private overHttpAction =
        LoggerMessage.Define<string>(
            LogLevel.Warning,
            EventId(26, "BindingOverHttp"),
            "A sign-in over plain http offered to bind the session \"{Session}\" to its device (device_bound), which browsers do over https only. Use https. (Development hint, given once.)"
        )

    let overHttp (log: ILogger) (session: string) = overHttpAction.Invoke(log, session, null)
