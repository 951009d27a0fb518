using System.Collections.Concurrent;
using Microsoft.Extensions.Primitives;
using Runa.Session.Hosting;

namespace Runa;

/// <summary>
/// Sessions in a circuit: they are found by the cookies of its connection, and no response can set a cookie.
/// </summary>
internal sealed class CircuitHost(string cookies, DateTimeOffset arrived) : IScopeHost
{
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    public StringValues Cookies => cookies;

    public DateTimeOffset Arrived => arrived;

    public bool IsPrefetch => false;

    public bool MayBindDevice => false;

    public bool IsKnown(string name) => _known.ContainsKey(name);

    /// <summary>
    /// The circuit has found this session to be its own. It may have connected before the browser had its bound cookie.
    /// </summary>
    public void Know(string name) => _known[name] = true;

    public bool CanSendCookie => false;

    public bool IsTooLate => false;

    public bool IsCurrent => true;

    public void Look(string name)
    {
    }

    public void Watch()
    {
    }

    public void Opened()
    {
    }

    public void Closed(bool isStored)
    {
    }
}
