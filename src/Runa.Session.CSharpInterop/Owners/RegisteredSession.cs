namespace Runa;

/// <summary>Describes a registered session.</summary>
public sealed class RegisteredSession
{
    internal RegisteredSession(SessionInfo info)
    {
        Name = info.Name;
        Driver = info.Driver;
        CookieName = info.CookieName;
        Ttl = info.Ttl;
        IdleTimeout = info.IdleTimeout?.Value;
        IsShared = info.Shared;
        IsDefault = info.Default;
        Meta = info.Meta;
    }

    /// <summary>The name under which it is registered.</summary>
    public string Name { get; }

    /// <summary>The name of its driver.</summary>
    public string Driver { get; }

    /// <summary>The name of its cookie.</summary>
    public string CookieName { get; }

    /// <summary>The absolute lifetime.</summary>
    public TimeSpan Ttl { get; }

    /// <summary>How long it lives without a request. Null: it has no idle end.</summary>
    public TimeSpan? IdleTimeout { get; }

    /// <summary>Whether several applications share it.</summary>
    public bool IsShared { get; }

    /// <summary>Whether it is the default session, "web", which is used if no name is given.</summary>
    public bool IsDefault { get; }

    /// <summary>The application's own notes.</summary>
    public IReadOnlyDictionary<string, string> Meta { get; }
}
