namespace Runa.Session

open System
open Microsoft.Extensions.Logging

/// The lines that the core and its drivers log. The Redis driver and the C# package have lines of their own. None of them
/// contains an id, a token, a value or an owner (promise 5).
module internal Log =
    let private define1<'A> level id name (text: string) = LoggerMessage.Define<'A>(level, EventId(id, name), text)

    let private define2<'A, 'B> level id name (text: string) =
        LoggerMessage.Define<'A, 'B>(level, EventId(id, name), text)

    let private define3<'A, 'B, 'C> level id name (text: string) =
        LoggerMessage.Define<'A, 'B, 'C>(level, EventId(id, name), text)

    let private undecodableAction =
        define3<string, string, string>
            LogLevel.Warning
            1
            "Undecodable"
            "The session \"{Session}\" holds a value under \"{Key}\" that cannot be read as {Type}. The value is kept, but treated as missing."

    let undecodable (log: ILogger) (session: string) (error: DecodeError) =
        undecodableAction.Invoke(log, session, error.Key, error.Type, null)

    let private evictedAction =
        define3<int, int, int64>
            LogLevel.Warning
            2
            "EvictedOwned"
            "{Count} sessions of signed-in users were evicted: the memory driver is full (at most {MaxSessions} sessions, {MaxBytes} bytes)."

    let evictedOwned (log: ILogger) (count: int) (maxSessions: int) (maxBytes: int64) =
        evictedAction.Invoke(log, count, maxSessions, maxBytes, null)

    let private turnedAwayAction =
        define3<int, int, int64>
            LogLevel.Warning
            30
            "TurnedAway"
            "{Count} sessions of visitors who are not signed in were evicted: signed-in users fill the memory driver (at most {MaxSessions} sessions, {MaxBytes} bytes), which then holds one other session at a time. Raise its bounds, or choose another driver."

    let turnedAway (log: ILogger) (count: int) (maxSessions: int) (maxBytes: int64) =
        turnedAwayAction.Invoke(log, count, maxSessions, maxBytes, null)

    let private droppedAction =
        define1<string>
            LogLevel.Warning
            3
            "ChangeDropped"
            "A change to the session \"{Session}\" was dropped: the session ended while the handler ran."

    let dropped (log: ILogger) (session: string) = droppedAction.Invoke(log, session, null)

    let private declinedAction =
        define2<string, string>
            LogLevel.Warning
            4
            "DeclinedAfterCommit"
            "The session \"{Session}\" was saved by a handler whose next handler then declined the request for {Path}: put route … before withSession."

    let declined (log: ILogger) (session: string) (path: string) = declinedAction.Invoke(log, session, path, null)

    let private foreignAction =
        define2<string, string>
            LogLevel.Warning
            5
            "ForeignToken"
            "The cookie {Cookie} of the session \"{Session}\" holds a token that this application did not sign. Did the secret change, do several servers have different ones, or does another application on this host use this cookie name? (Said once; the counter runa.session.foreign_tokens counts all.)"

    let foreignToken (log: ILogger) (cookie: string) (session: string) =
        foreignAction.Invoke(log, cookie, session, null)

    let private insecureAction =
        define2<string, string>
            LogLevel.Warning
            6
            "SecureOverHttp"
            "The session \"{Session}\" set a Secure cookie over plain http to {Host}; browsers will drop it. Use https, or http://localhost. (Development hint, given once.)"

    let secureOverHttp (log: ILogger) (session: string) (host: string) = insecureAction.Invoke(log, session, host, null)

    let private noSecretAction =
        define1<string>
            LogLevel.Warning
            7
            "NoSecret"
            "No secret is set: sessions use a random one and end with this process. Outside Development this is an error; set app:secret or RUNA_SECRET.{Hint}"

    /// `hint` is a sentence about names that nothing reads, or empty.
    let noSecret (log: ILogger) (hint: string) = noSecretAction.Invoke(log, hint, null)

    let private strayAction = define1<string> LogLevel.Warning 21 "StraySetting" "{Setting}"

    /// Warns of a setting that may be meant for a session. The text does not contain its value.
    let straySetting (log: ILogger) (text: string) = strayAction.Invoke(log, text, null)

    let private unusedDriverAction =
        define1<string>
            LogLevel.Warning
            22
            "UnusedDriver"
            "The driver \"{Driver}\" is registered, but no session uses it. Set it as the driver of a session, in the configuration or in code, or leave the registration out."

    let unusedDriver (log: ILogger) (driver: string) = unusedDriverAction.Invoke(log, driver, null)

    let private unprefixedAction =
        define3<string, string, string>
            LogLevel.Warning
            23
            "UnprefixedCookie"
            "The cookie {Cookie} of the session \"{Session}\" has a name without a prefix, so another host of the same domain, or a page over plain http, can overwrite it. Set cookie_name to {Better}: browsers protect it then. (Sessions under the old name end.)"

    let unprefixed (log: ILogger) (cookie: string) (session: string) (better: string) =
        unprefixedAction.Invoke(log, cookie, session, better, null)

    let private purgeFailedAction =
        define1<string>
            LogLevel.Warning
            8
            "PurgeFailed"
            "The driver {Driver} could not remove expired sessions. The next sweep, within a minute, tries again."

    let purgeFailed (log: ILogger) (driver: string) (e: exn) = purgeFailedAction.Invoke(log, driver, e)

    let private pingFailedAction =
        define2<string, string>
            LogLevel.Warning
            40
            "PingFailed"
            "The driver {Driver} did not answer a health check: {Failure}."

    /// `failure` contains nothing of the exception's message.
    let pingFailed (log: ILogger) (driver: string) (failure: string) (e: exn | null) =
        pingFailedAction.Invoke(log, driver, failure, e)

    let private notTouchedAction =
        define1<string>
            LogLevel.Warning
            9
            "NotTouched"
            "The idle end of the session \"{Session}\" could not be stored, so the session may end early."

    let notTouched (log: ILogger) (session: string) (e: exn) = notTouchedAction.Invoke(log, session, e)

    let private unsealedAction =
        define1<string>
            LogLevel.Warning
            10
            "Unsealed"
            "A record of the session \"{Session}\" that is not encrypted counts as gone, because the setting sealed is true. This is expected if the setting was turned on after the record was stored."

    let unsealed (log: ILogger) (session: string) = unsealedAction.Invoke(log, session, null)

    let private unreadableAction =
        define2<string, string>
            LogLevel.Error
            11
            "Unreadable"
            "A stored session \"{Session}\" cannot be read and counts as gone: {Reason} The next write replaces it. To get an error instead, set on_unreadable to error."

    /// `reason` is a sentence.
    let unreadable (log: ILogger) (session: string) (reason: string) =
        unreadableAction.Invoke(log, session, reason, null)

    let private unreadableOwnedAction =
        define3<int, string, string>
            LogLevel.Error
            12
            "UnreadableOwned"
            "{Count} stored sessions \"{Session}\" cannot be read (damaged, or of a newer format); they were {Fate}."

    /// `fate` says what was done with the records: "left out of …".
    let unreadableOwned (log: ILogger) (count: int) (session: string) (fate: string) =
        unreadableOwnedAction.Invoke(log, count, session, fate, null)

    let private notRemovedAction =
        define1<string>
            LogLevel.Warning
            13
            "NotRemoved"
            "A stored session \"{Session}\" that cannot be read was replaced, but could not be deleted. No cookie leads to it any more; the store removes it when it expires."

    let notRemoved (log: ILogger) (session: string) (e: exn) = notRemovedAction.Invoke(log, session, e)

    let private userMissingAction =
        define2<string, string>
            LogLevel.Warning
            14
            "UserMissing"
            "The scheme \"{Scheme}\" challenged a visitor who is signed in: the session \"{Session}\" has an owner, but nothing made this owner the user of the request. Put app.UseAuthentication() before the handlers, and if another scheme is the default, authenticate by this one. (Said once.)"

    let userMissing (log: ILogger) (scheme: string) (session: string) =
        userMissingAction.Invoke(log, scheme, session, null)

    let private eventFailedAction =
        define1<string>
            LogLevel.Warning
            16
            "EventFailed"
            "Whoever listens to the events of sessions raised an exception for {Event}. The next event follows; this one does not come again."

    let eventFailed (log: ILogger) (event: string) (e: exn) = eventFailedAction.Invoke(log, event, e)

    let private eventsDroppedAction =
        define1<int>
            LogLevel.Warning
            17
            "EventsDropped"
            "{Count} events of sessions were dropped, because those who listen are too slow. (Said once a minute at most, and when the application stops.)"

    let eventsDropped (log: ILogger) (count: int) = eventsDroppedAction.Invoke(log, count, null)
