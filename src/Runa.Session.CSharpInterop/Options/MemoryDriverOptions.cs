using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Runa;

/// <summary>Options of a driver that keeps sessions in memory.</summary>
public sealed class MemoryDriverOptions
{
    /// <summary>
    /// The most sessions that the driver keeps. If there are more, it evicts some, those without an owner first. At
    /// least 1. Default: 100,000.
    /// </summary>
    public int MaxSessions { get; set; } = MemoryDriver.Defaults.MaxSessions;

    /// <summary>
    /// About how many bytes of memory all sessions together may take as they are kept, packed: beside its content, each
    /// takes about 100 bytes, and 320 more if it has an owner. Up to 16,384 that are loaded often are also kept unpacked,
    /// in at most an eighth more. At least 1. Default: 256 MiB.
    /// </summary>
    public long MaxBytes { get; set; } = MemoryDriver.Defaults.MaxBytes;

    internal SessionDriver Create(IServiceProvider services) => MemoryDriver.Create(new Session.MemoryDriverOptions(
        MaxSessions,
        MaxBytes,
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILoggerFactory>()));
}
