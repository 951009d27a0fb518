using Microsoft.Extensions.Logging;

namespace Runa;

/// <summary>What <c>HttpContext.Session</c> logs. No line contains an id, a key or a value (promise 5).</summary>
internal static partial class AspNetSessionLog
{
    /// <summary>Below Runa.Session, as all that the library logs, so that one filter applies to all of it.</summary>
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
        102,
        LogLevel.Error,
        "What was changed in the session \"{Session}\" could not be saved, and is dropped.",
        EventName = "NotSaved")]
    public static partial void NotSaved(this ILogger log, string session, Exception e);
}
