namespace Runa.Session

open System

/// The driver "cookie" keeps the whole session, sealed, in the browser's cookie, and nothing on the server. It is for
/// small sessions of applications without a store: at most 8,192 characters of cookie, about 6,000 bytes of values.
///
/// The server knows nothing of a session, so some promises do not hold. An old copy of a cookie stays good until its
/// absolute end, even after a sign-out, a sign-in or Session.regenerate. Of two responses, the later one wins, and the
/// other's changes are lost. A flash may be shown twice. Sessions can be neither listed nor revoked; removing the
/// secret ends all of them. An idle timeout is an error at startup. Every change needs a new cookie, so no change is
/// possible after the response has started.
[<AbstractClass; Sealed>]
type CookieDriver =
    /// Creates the driver, which has no options. Its own functions are never called; they raise NotSupportedException.
    static member create() : SessionDriver =
        let unsupported () : exn =
            NotSupportedException
                "The driver \"cookie\" keeps sessions in the browser's cookie: there is no store to read or write."

        let driver =
            SessionDriver.create
                "cookie"
                (fun _ _ -> raise (unsupported ()))
                (fun _ _ _ -> raise (unsupported ()))
                (fun _ _ _ _ -> raise (unsupported ()))
                (fun _ _ _ -> raise (unsupported ()))
                (fun _ _ -> raise (unsupported ()))
            |> SessionDriver.withGuarantee DriverGuarantee.LastWriteWins

        { driver with Place = DriverPlace.Cookie }
