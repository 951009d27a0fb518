namespace Runa.Session

open System

/// What becomes of a stored session that cannot be read: damaged, of a newer format, or sealed under another token.
[<RequireQualifiedAccess>]
type OnUnreadable =
    /// It counts as gone (SessionStatus.Expired, and empty), and the next write puts a new one in its place. Each time an
    /// error is logged and counted.
    | Replace
    /// Every request with its cookie raises SessionStoreException, until it is deleted or can be read again.
    | Error

/// How sessions of one name are kept. (Not SessionOptions, which is ASP.NET Core's.)
[<RequireQualifiedAccess>]
type SessionSettings =
    {
        /// The name of a registered driver. Default: "memory".
        Driver: string
        /// Default: `__Host-runa_session` for "web", `__Host-runa_<name>_session` for the others.
        CookieName: string
        /// Default: None, the host that answers and no other.
        CookieDomain: string option
        /// Default: "/".
        CookiePath: string
        /// Default: true, hidden from scripts.
        HttpOnly: bool
        /// Default: Always.
        Secure: CookieSecure
        /// Default: Lax.
        SameSite: SameSite
        /// Default: false. A partition of its own for each top-level site (CHIPS).
        Partitioned: bool
        /// Default: true. False: the cookie is gone with the browser.
        Persistent: bool
        /// Whether the cookie is sent to browsers whose user has not consented (ASP.NET Core's CookiePolicyOptions). Default: true.
        IsEssential: bool
        /// The absolute lifetime. Default: 2 hours.
        Ttl: TimeSpan
        /// The most that Session.withLifetime can give. Default: 30 days.
        MaxTtl: TimeSpan
        /// How long a session lives without a request. Default: None, no such end.
        IdleTimeout: TimeSpan option
        /// Default: false. True: applications with the same secret, store and CookieDomain share the session.
        Shared: bool
        /// Default: false. True: values are encrypted at rest.
        Sealed: bool
        /// The most that values, flashes, owner, claims and label may take, in UTF-8. Default: 65,536.
        MaxBytes: int
        /// Default: Replace.
        OnUnreadable: OnUnreadable
        /// The application's own notes, shown by SessionRegistry.info. Default: empty.
        Meta: Map<string, string>
    }

/// Makes settings.
[<RequireQualifiedAccess>]
module SessionSettings =
    /// The defaults for a session of this name.
    let defaults (name: string) : SessionSettings =
        { Driver = "memory"
          CookieName = if name = "web" then "__Host-runa_session" else $"__Host-runa_{name}_session"
          CookieDomain = None
          CookiePath = "/"
          HttpOnly = true
          Secure = CookieSecure.Always
          SameSite = SameSite.Lax
          Partitioned = false
          Persistent = true
          IsEssential = true
          Ttl = TimeSpan.FromHours 2.
          MaxTtl = TimeSpan.FromDays 30.
          IdleTimeout = None
          Shared = false
          Sealed = false
          MaxBytes = 65_536
          OnUnreadable = OnUnreadable.Replace
          Meta = Map.empty }
