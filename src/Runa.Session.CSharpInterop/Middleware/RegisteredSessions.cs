using Microsoft.Extensions.DependencyInjection;

namespace Runa.Session;

internal static class RegisteredSessions
{
    /// <summary>
    /// Raises InvalidOperationException where sessions are not configured, and for a name that is not registered: when the
    /// pipeline is built, not in the first request.
    /// </summary>
    public static void Check(IServiceProvider services, IEnumerable<string> names)
    {
        var registry =
            services.GetService<SessionRegistry>()
            ?? throw new InvalidOperationException("Sessions are not configured: call builder.Services.AddRunaSession(…).");

        foreach (var name in names)
        {
            ArgumentException.ThrowIfNullOrEmpty(name);
            _ = registry.Find(name);
        }
    }
}
