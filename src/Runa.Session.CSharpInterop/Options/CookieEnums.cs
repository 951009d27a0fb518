using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Runa.Session;

/// <summary>Between the framework's enums of cookies and the library's own types.</summary>
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
        _ => throw Undefined(nameof(RunaSessionOptions.Secure), (int)secure, "Always, SameAsRequest or None"),
    };

    public static SameSite ToCore(SameSiteMode mode) => mode switch
    {
        SameSiteMode.Lax => SameSite.Lax,
        SameSiteMode.Strict => SameSite.Strict,
        SameSiteMode.None => SameSite.None,
        SameSiteMode.Unspecified => SameSite.Unspecified,
        _ => throw Undefined(nameof(RunaSessionOptions.SameSite), (int)mode, "Lax, Strict, None or Unspecified"),
    };

    private static OptionsValidationException Undefined(string option, int value, string expected) =>
        new(Options.DefaultName, typeof(RunaSessionOptions), [$"RunaSessionOptions.{option} = {value}: expected {expected}."]);
}
