using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Runa;

/// <summary>Bounds of a driver that keeps sessions in memory.</summary>
public sealed class MemoryDriverOptions
{
    /// <summary>
    /// How many sessions there may be: over it, sessions are evicted, strangers before signed-in users. At least 1.
    /// Default: 100,000.
    /// </summary>
    public int MaxSessions { get; set; } = MemoryDriver.Defaults.MaxSessions;

    /// <summary>About how many bytes of memory all sessions together may take. At least 1. Default: 256 MiB.</summary>
    public long MaxBytes { get; set; } = MemoryDriver.Defaults.MaxBytes;

    internal SessionDriver Create(IServiceProvider services) => MemoryDriver.Create(new Session.MemoryDriverOptions(
        MaxSessions,
        MaxBytes,
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILoggerFactory>()));
}
