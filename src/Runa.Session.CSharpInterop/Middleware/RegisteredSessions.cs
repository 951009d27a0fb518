using Microsoft.Extensions.DependencyInjection;

namespace Runa;

internal static class RegisteredSessions
{
    /// <summary>
    /// Raises InvalidOperationException without AddRunaSession, and for a name that is not registered. Called when the
    /// pipeline is built, so that a mistake does not wait for the first request.
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

    /// <summary>The given names; without any, "web". Raises ArgumentException if one of them is null or empty.</summary>
    public static string[] Named(string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);

        return names is [] ? [RunaSessionDefaults.Name]
            : names.Any(string.IsNullOrEmpty) ? throw new ArgumentException("A name of a session is null or empty.", nameof(names))
            : [.. names];
    }
}
