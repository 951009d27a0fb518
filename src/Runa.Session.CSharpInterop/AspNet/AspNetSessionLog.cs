using Microsoft.Extensions.Logging;

namespace Runa;

/// <summary>The log lines of <c>HttpContext.Session</c>. None contains an id, a key or a value (promise 5).</summary>
internal static partial class AspNetSessionLog
{
    /// <summary>Begins like every category of the library, so that one filter covers all of them.</summary>
    public const string Category = "Runa.Session.AspNetSession";

    [LoggerMessage(
        101,
        LogLevel.Error,
        "The session \"{Session}\" could not be loaded. The request goes on without it: HttpContext.Session is not available.",
        EventName = "NotLoaded")]
    public static partial void NotLoaded(this ILogger log, string session, Exception e);

    [LoggerMessage(
        103,
        LogLevel.Warning,
        "The idle end of the session \"{Session}\" could not be moved; it may end early.",
        EventName = "NotTouched")]
    public static partial void NotTouched(this ILogger log, string session, Exception e);

    [LoggerMessage(
        104,
        LogLevel.Warning,
        "AddSession or SessionOptions of ASP.NET Core are configured, but the session \"{Session}\" behind UseRunaAspNetSession does not read them. Set its options with AddRunaSession(sessions => sessions.AddSession(\"{Session}\", …)), and remove AddSession and UseSession; a UseSession behind UseRunaAspNetSession would hide this session.",
        EventName = "FrameworkOptions")]
    public static partial void FrameworkOptions(this ILogger log, string session);

    [LoggerMessage(
        102,
        LogLevel.Error,
        "The changes to the session \"{Session}\" could not be saved, and were dropped.",
        EventName = "NotSaved")]
    public static partial void NotSaved(this ILogger log, string session, Exception e);
}
