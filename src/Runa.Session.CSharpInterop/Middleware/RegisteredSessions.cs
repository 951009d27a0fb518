using Microsoft.Extensions.DependencyInjection;

namespace Runa;

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
            SessionRegistryModule.check(name, registry);
        }
    }

    /// <summary>The names given, or else "web". Raises ArgumentException for one that is null or empty.</summary>
    public static string[] Named(string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);

        return names is [] ? [RunaSessionDefaults.Name]
            : names.Any(string.IsNullOrEmpty) ? throw new ArgumentException("A name of a session is null or empty.", nameof(names))
            : [.. names];
    }
}
