namespace Runa.Session

open System

/// The driver "cookie": the whole session, sealed, in the browser's cookie, and nothing on the server. For small sessions
/// of apps without a store: at most 8,192 characters of cookie, about 6,000 bytes of values.
///
/// What it cannot do, because nothing on the server knows of a session: an old copy of a cookie stays good until its
/// absolute end, after a sign-out, a sign-in or Session.regenerate too; the later of two responses wins, and the other's
/// changes are lost; a flash may be seen twice; sessions can be neither listed nor revoked (removing the secret ends
/// all); an idle timeout is an error at startup. Every change needs a new cookie, so none can be made after the response
/// has started.
[<AbstractClass; Sealed>]
type CookieDriver =
    /// It has no options. As a SessionDriver it stands for the cookie only: its functions raise NotSupportedException.
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
