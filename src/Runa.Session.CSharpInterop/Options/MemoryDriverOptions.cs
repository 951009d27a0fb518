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
    /// The most bytes of memory that all sessions together may take, approximately. At least 1. Those that are loaded
    /// most are also kept in a form that takes up to an eighth more. Default: 256 MiB.
    /// </summary>
    public long MaxBytes { get; set; } = MemoryDriver.Defaults.MaxBytes;

    internal SessionDriver Create(IServiceProvider services) => MemoryDriver.Create(new Session.MemoryDriverOptions(
        MaxSessions,
        MaxBytes,
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILoggerFactory>()));
}
