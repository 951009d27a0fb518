namespace Runa.Session

open System

/// What to do with a stored session that cannot be read: it is damaged, of a newer format, or sealed under another
/// token.
[<RequireQualifiedAccess>]
type OnUnreadable =
    /// The session counts as gone (SessionStatus.Expired, and empty), and the next write replaces it. Each time, an
    /// error is logged and counted.
    | Replace
    /// Every request with its cookie raises SessionStoreException until the session is deleted or can be read again.
    | Error

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | OnUnreadable.Replace -> "Replace"
        | OnUnreadable.Error -> "Error"

/// What a sign-in does if its owner has as many sessions as MaxSessions allows.
[<RequireQualifiedAccess>]
type WhenFull =
    /// It ends the oldest of them, by their sign-in.
    | EndOldest
    /// It is refused: SessionLimitException.
    | Refuse

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | WhenFull.EndOldest -> "EndOldest"
        | WhenFull.Refuse -> "Refuse"

/// What happens if a copy of a session's token was used.
[<RequireQualifiedAccess>]
type OnTheft =
    /// The session ends, for its user and for whoever has the copy.
    | Revoke
    /// Only who shows the older token, or signs with the wrong key, is refused.
    | Ignore

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | OnTheft.Revoke -> "Revoke"
        | OnTheft.Ignore -> "Ignore"

/// Whether sessions of signed-in users are bound to their device (Device Bound Session Credentials,
/// https://w3c.github.io/webappsec-dbsc/): copied cookies are then worthless without a key that never leaves the device.
[<RequireQualifiedAccess>]
type DeviceBound =
    /// They are not.
    | Off
    /// Browsers are offered the binding at each sign-in. Sessions of browsers that do not know it go on without.
    | Offer
    /// Requests for a session that is not bound 6 minutes after the sign-in are refused: SessionStatus.Unproven.
    | Require

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | DeviceBound.Off -> "Off"
        | DeviceBound.Offer -> "Offer"
        | DeviceBound.Require -> "Require"

/// What browsers delete of a site's data (the header Clear-Site-Data, https://w3c.github.io/webappsec-clear-site-data/).
[<RequireQualifiedAccess>]
type SiteData =
    /// All cookies of the whole registrable domain: those of other applications and hosts of it, too.
    | Cookies
    /// What scripts have stored for the origin: localStorage, sessionStorage, IndexedDB, service workers.
    | Storage
    /// Responses of the origin in the browser's cache.
    | Cache
    /// The origin's open pages are loaded again.
    | ExecutionContexts
    /// All of these, and what browsers may add.
    | All

    /// As the header names it, without quotes.
    override this.ToString() =
        match this with
        | SiteData.Cookies -> "cookies"
        | SiteData.Storage -> "storage"
        | SiteData.Cache -> "cache"
        | SiteData.ExecutionContexts -> "executionContexts"
        | SiteData.All -> "*"

/// A standard whose requirements for sessions the settings must meet: checked at startup.
[<RequireQualifiedAccess>]
type SessionProfile =
    /// OWASP Application Security Verification Standard 5.0, level 2 (chapters 3.3 and 7).
    | AsvsL2
    /// NIST SP 800-63B-4, authenticator assurance level 2 (sections 2.2.3 and 5).
    | NistAal2
    /// NIST SP 800-63B-4, authenticator assurance level 3 (sections 2.3.3 and 5).
    | NistAal3

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | SessionProfile.AsvsL2 -> "AsvsL2"
        | SessionProfile.NistAal2 -> "NistAal2"
        | SessionProfile.NistAal3 -> "NistAal3"

/// The settings of a session. (Not called SessionOptions, which is a type of ASP.NET Core.)
[<RequireQualifiedAccess>]
type SessionSettings =
    {
        /// The name of a registered driver. Default: "memory".
        Driver: string
        /// The name of the cookie. Default: `__Host-runa_session` for "web", `__Host-runa_<name>_session` for others. A
        /// name of its own should begin with one of the prefixes that browsers protect: `__Host-`, `__Host-Http-`,
        /// `__Secure-` or `__Http-`.
        CookieName: string
        /// The domain of the cookie. Default: None, which is only the host that sends the cookie.
        CookieDomain: string option
        /// The path of the cookie. Default: "/".
        CookiePath: string
        /// Whether the cookie is hidden from scripts. Default: true.
        HttpOnly: bool
        /// When the cookie has the attribute Secure. Default: Always.
        Secure: CookieSecure
        /// With which requests from other sites browsers send the cookie. Default: Lax.
        SameSite: SameSite
        /// Whether browsers keep a separate cookie for each top-level site (CHIPS). Default: false.
        Partitioned: bool
        /// Whether the cookie survives the end of the browser. Default: true.
        Persistent: bool
        /// Whether the cookie is sent without the user's consent (ASP.NET Core's CookiePolicyOptions). Default: true.
        IsEssential: bool
        /// The absolute lifetime. Default: 2 hours.
        Ttl: TimeSpan
        /// The longest lifetime that Session.withLifetime can set. Default: 30 days.
        MaxTtl: TimeSpan
        /// How long a session lives without a request. Default: None, which is no idle end.
        IdleTimeout: TimeSpan option
        /// Whether applications with the same secret, store and CookieDomain share the session. Default: false.
        Shared: bool
        /// Whether values are encrypted at rest. Default: false.
        Sealed: bool
        /// The most bytes that values, flashes, owner, claims, label and client may take in UTF-8. Default: 65,536.
        MaxBytes: int
        /// What to do with a stored session that cannot be read. Default: Replace.
        OnUnreadable: OnUnreadable
        /// How many live sessions an owner may have, at least 1; needs a driver that lists by owner. Default: None, which is
        /// no limit.
        MaxSessions: int option
        /// What a sign-in does if the owner has MaxSessions. Default: EndOldest.
        WhenFull: WhenFull
        /// How often the token of a signed-in user's session is exchanged, from 10 minutes on; needs a driver that compares
        /// and swaps. Default: None, which is only at a sign-in.
        Rotate: TimeSpan option
        /// What happens if a token is used long after it was exchanged, or a device proves itself with a wrong key. Default:
        /// Revoke.
        OnTheft: OnTheft
        /// Whether the sessions of signed-in users are bound to their device; needs a driver that compares and swaps, and
        /// Secure = Always. Default: Off.
        DeviceBound: DeviceBound
        /// The standard that the settings must meet; a deviation keeps the application from starting. Default: None.
        Profile: SessionProfile option
        /// What browsers delete when a response ends the session by Session.destroy or signOut: the header Clear-Site-Data,
        /// over https. Default: empty, which is no header.
        ClearSiteData: SiteData list
        /// Notes of the application, which SessionRegistry.info returns. Default: empty.
        Meta: Map<string, string>
    }
