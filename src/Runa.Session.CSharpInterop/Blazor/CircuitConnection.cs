using Microsoft.AspNetCore.SignalR;

namespace Runa;

/// <summary>
/// Lets the services of a circuit see the connection that calls it. A circuit has no HttpContext of its own, and the
/// one of IHttpContextAccessor is gone if the connection does not use WebSockets.
/// </summary>
internal sealed class CircuitConnection : IHubFilter
{
    private static readonly AsyncLocal<HubCallerContext?> s_caller = new();

    /// <summary>The Cookie header of the connection that calls now. Null outside such a call.</summary>
    public static string? Cookies => s_caller.Value?.GetHttpContext()?.Request.Headers.Cookie.ToString();

    public async ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext,
        Func<HubInvocationContext, ValueTask<object?>> next)
    {
        s_caller.Value = invocationContext.Context;
        return await next(invocationContext).ConfigureAwait(false);
    }
}
