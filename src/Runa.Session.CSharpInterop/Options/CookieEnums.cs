using Microsoft.AspNetCore.Http;

namespace Runa;

/// <summary>Converts the framework's enums for cookies to the F# library's types, and back.</summary>
internal static class CookieEnums
{
    public static CookieSecurePolicy OfCore(CookieSecure secure) =>
        secure.IsAlways ? CookieSecurePolicy.Always
        : secure.IsSameAsRequest ? CookieSecurePolicy.SameAsRequest
        : CookieSecurePolicy.None;

    public static SameSiteMode OfCore(SameSite mode) =>
        mode.IsLax ? SameSiteMode.Lax
        : mode.IsStrict ? SameSiteMode.Strict
        : mode.IsNone ? SameSiteMode.None
        : SameSiteMode.Unspecified;

    public static CookieSecure ToCore(CookieSecurePolicy secure) => secure switch
    {
        CookieSecurePolicy.Always => CookieSecure.Always,
        CookieSecurePolicy.SameAsRequest => CookieSecure.SameAsRequest,
        CookieSecurePolicy.None => CookieSecure.Never,
        _ => throw new ArgumentOutOfRangeException(nameof(secure)),
    };

    public static SameSite ToCore(SameSiteMode mode) => mode switch
    {
        SameSiteMode.Lax => SameSite.Lax,
        SameSiteMode.Strict => SameSite.Strict,
        SameSiteMode.None => SameSite.None,
        SameSiteMode.Unspecified => SameSite.Unspecified,
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };
}
