using Microsoft.AspNetCore.Http;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>
/// The options of a session: named options whose name is the session's. They hold the values of the configuration
/// before any code runs; what code sets wins.
/// </summary>
public sealed class RunaSessionOptions
{
    /// <summary>The name of a registered driver. Default: "memory".</summary>
    public string Driver { get; set; } = "memory";

    /// <summary>
    /// The name of the cookie. Default: <c>__Host-runa_session</c> for "web", <c>__Host-runa_NAME_session</c> for
    /// others. A name of its own should begin with one of the prefixes that browsers protect: <c>__Host-</c>,
    /// <c>__Host-Http-</c>, <c>__Secure-</c> or <c>__Http-</c>.
    /// </summary>
    public string CookieName { get; set; } = "__Host-runa_session";

    /// <summary>The domain of the cookie. Default: null, which is only the host that sends the cookie.</summary>
    public string? CookieDomain { get; set; }

    /// <summary>The path of the cookie. Default: "/".</summary>
    public string CookiePath { get; set; } = "/";

    /// <summary>Whether the cookie is hidden from scripts. Default: true.</summary>
    public bool HttpOnly { get; set; } = true;

    /// <summary>When the cookie has the attribute Secure. Default: Always.</summary>
    public CookieSecurePolicy Secure { get; set; } = CookieSecurePolicy.Always;

    /// <summary>With which requests from other sites browsers send the cookie. Default: Lax.</summary>
    public SameSiteMode SameSite { get; set; } = SameSiteMode.Lax;

    /// <summary>Whether browsers keep a separate cookie for each top-level site (CHIPS). Default: false.</summary>
    public bool Partitioned { get; set; }

    /// <summary>Whether the cookie survives the end of the browser. Default: true.</summary>
    public bool Persistent { get; set; } = true;

    /// <summary>
    /// Whether the cookie is also sent to visitors who have not consented
    /// (<c>CookiePolicyOptions.CheckConsentNeeded</c>). Default: true.
    /// </summary>
    public bool IsEssential { get; set; } = true;

    /// <summary>The absolute lifetime, which no request extends. Default: 2 hours.</summary>
    public TimeSpan Ttl { get; set; } = TimeSpan.FromHours(2);

    /// <summary>The longest lifetime that <see cref="RunaSession.SetLifetime"/> can set. Default: 30 days.</summary>
    public TimeSpan MaxTtl { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a session lives without a request. Default: null; there is no idle end.</summary>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>
    /// Whether applications with the same secret, store and <see cref="CookieDomain"/> share the session. Default:
    /// false.
    /// </summary>
    public bool Shared { get; set; }

    /// <summary>Whether values are encrypted at rest, with a key that the store never sees. Default: false.</summary>
    public bool Sealed { get; set; }

    /// <summary>The most bytes that values, flashes, owner, claims, label and client may take in UTF-8. Default: 65,536.</summary>
    public int MaxBytes { get; set; } = 65_536;

    /// <summary>
    /// What to do with a stored session that cannot be read: it is damaged, of a newer format, or sealed under another
    /// token. Default: <see cref="OnUnreadable.Replace"/>.
    /// </summary>
    public OnUnreadable OnUnreadable { get; set; }

    /// <summary>
    /// How many live sessions an owner may have, at least 1; needs a driver that lists by owner. Default: null; there is no
    /// limit.
    /// </summary>
    public int? MaxSessions { get; set; }

    /// <summary>
    /// What a sign-in does if the owner has <see cref="MaxSessions"/>. Default: <see cref="WhenFull.EndOldest"/>.
    /// </summary>
    public WhenFull WhenFull { get; set; }

    /// <summary>
    /// How often the token of a signed-in user's session is exchanged, from 10 minutes on; needs a driver that compares and
    /// swaps. Default: null; only at a sign-in.
    /// </summary>
    public TimeSpan? Rotate { get; set; }

    /// <summary>
    /// What happens if a token is used long after it was exchanged, or a device proves itself with a wrong key. Default:
    /// <see cref="OnTheft.Revoke"/>.
    /// </summary>
    public OnTheft OnTheft { get; set; }

    /// <summary>
    /// Whether the sessions of signed-in users are bound to their device; needs a driver that compares and swaps, and
    /// <see cref="Secure"/> = Always. Default: <see cref="DeviceBound.Off"/>.
    /// </summary>
    public DeviceBound DeviceBound { get; set; }

    /// <summary>
    /// The standard that the options must meet; a deviation keeps the application from starting. Default: null.
    /// </summary>
    public SessionProfile? Profile { get; set; }

    /// <summary>
    /// What browsers delete when a response ends the session by <see cref="RunaSession.SignOut"/> or
    /// <see cref="RunaSession.Destroy"/>: the header <c>Clear-Site-Data</c>, over https. Default: empty; there is no header.
    /// </summary>
    public IReadOnlyList<SiteData> ClearSiteData { get; set; } = [];

    /// <summary>The application's own notes, which <see cref="RunaSessions.Registered"/> returns.</summary>
    public IDictionary<string, string> Meta { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether Fill was called.</summary>
    internal bool IsFilled { get; private set; }

    internal void Fill(SessionSettings settings)
    {
        IsFilled = true;
        Driver = settings.Driver;
        CookieName = settings.CookieName;
        CookieDomain = settings.CookieDomain?.Value;
        CookiePath = settings.CookiePath;
        HttpOnly = settings.HttpOnly;
        Secure = CookieEnums.OfCore(settings.Secure);
        SameSite = CookieEnums.OfCore(settings.SameSite);
        Partitioned = settings.Partitioned;
        Persistent = settings.Persistent;
        IsEssential = settings.IsEssential;
        Ttl = settings.Ttl;
        MaxTtl = settings.MaxTtl;
        IdleTimeout = settings.IdleTimeout?.Value;
        Shared = settings.Shared;
        Sealed = settings.Sealed;
        MaxBytes = settings.MaxBytes;
        OnUnreadable = settings.OnUnreadable.IsError ? OnUnreadable.Error : OnUnreadable.Replace;
        MaxSessions = settings.MaxSessions?.Value;
        WhenFull = settings.WhenFull.IsRefuse ? WhenFull.Refuse : WhenFull.EndOldest;
        Rotate = settings.Rotate?.Value;
        OnTheft = settings.OnTheft.IsIgnore ? OnTheft.Ignore : OnTheft.Revoke;
        DeviceBound = DeviceBounds.OfCore(settings.DeviceBound);
        Profile = SessionProfiles.OfCore(settings.Profile);
        ClearSiteData = SiteDataKinds.OfCore(settings.ClearSiteData);
        Meta.Clear();

        foreach (var (key, value) in settings.Meta)
        {
            Meta[key] = value;
        }
    }

    /// <summary>A sentence for each option whose value its enum does not have.</summary>
    internal IEnumerable<string> Undefined(string session)
    {
        string?[] mistakes =
        [
            Check(Secure, nameof(Secure), "Always, SameAsRequest or None"),
            Check(SameSite, nameof(SameSite), "Lax, Strict, None or Unspecified"),
            Check(OnUnreadable, nameof(OnUnreadable), "Replace or Error"),
            Check(WhenFull, nameof(WhenFull), "EndOldest or Refuse"),
            Check(OnTheft, nameof(OnTheft), "Revoke or Ignore"),
            Check(DeviceBound, nameof(DeviceBound), "Off, Offer or Require"),
            Profile is { } profile ? Check(profile, nameof(Profile), "AsvsL2, NistAal2 or NistAal3") : null,
            .. (ClearSiteData ?? []).Select(kind =>
                Check(kind, nameof(ClearSiteData), "Cookies, Storage, Cache, ExecutionContexts or All")),
        ];

        return from mistake in mistakes
               where mistake is not null
               select $"session \"{session}\": {mistake}.";

        static string? Check<T>(T value, string option, string allowed)
            where T : struct, Enum =>
            Enum.IsDefined(value) ? null : $"{nameof(RunaSessionOptions)}.{option} = {value}: expected {allowed}";
    }

    internal SessionSettings ToSettings() =>
        new(
            Driver ?? string.Empty,
            CookieName ?? string.Empty,
            CookieDomain is null ? null : FSharpOption<string>.Some(CookieDomain),
            CookiePath ?? string.Empty,
            HttpOnly,
            CookieEnums.ToCore(Secure),
            CookieEnums.ToCore(SameSite),
            Partitioned,
            Persistent,
            IsEssential,
            Ttl,
            MaxTtl,
            IdleTimeout is { } idle ? FSharpOption<TimeSpan>.Some(idle) : null,
            Shared,
            Sealed,
            MaxBytes,
            OnUnreadable == OnUnreadable.Error ? Session.OnUnreadable.Error : Session.OnUnreadable.Replace,
            MaxSessions is { } most ? FSharpOption<int>.Some(most) : null,
            WhenFull == WhenFull.Refuse ? Session.WhenFull.Refuse : Session.WhenFull.EndOldest,
            Rotate is { } every ? FSharpOption<TimeSpan>.Some(every) : null,
            OnTheft == OnTheft.Ignore ? Session.OnTheft.Ignore : Session.OnTheft.Revoke,
            DeviceBounds.ToCore(DeviceBound),
            SessionProfiles.ToCore(Profile),
            SiteDataKinds.ToCore(ClearSiteData),
            MapModule.OfSeq(Meta.Select(note => Tuple.Create(note.Key, note.Value))));
}
