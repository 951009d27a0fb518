namespace Runa;

/// <summary>Options of a driver that keeps sessions in a cache.</summary>
public sealed class CacheDriverOptions
{
    /// <summary>The prefix of the cache's keys. Default: "runa:".</summary>
    public string Prefix { get; set; } = CacheDriver.Defaults.Prefix;

    /// <summary>
    /// The key of the service, if the <see cref="Microsoft.Extensions.Caching.Distributed.IDistributedCache"/> is
    /// registered as a keyed service. Default: null; it is registered without a key.
    /// </summary>
    public string? ServiceKey { get; set; }

    internal SessionDriver Create(IServiceProvider services)
    {
        var options = new Session.CacheDriverOptions(TimeProvider.System, Prefix ?? string.Empty);
        return ServiceKey is null ? CacheDriver.FromServicesWith(options, services) : CacheDriver.KeyedWith(options, ServiceKey, services);
    }
}
