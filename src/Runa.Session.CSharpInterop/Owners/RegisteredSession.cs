namespace Runa;

/// <summary>A registered session.</summary>
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

    /// <summary>The name it is registered under.</summary>
    public string Name { get; }

    /// <summary>The name of its driver.</summary>
    public string Driver { get; }

    /// <summary>The name of its cookie.</summary>
    public string CookieName { get; }

    /// <summary>The absolute lifetime.</summary>
    public TimeSpan Ttl { get; }

    /// <summary>How long it lives without a request; null: no such end.</summary>
    public TimeSpan? IdleTimeout { get; }

    /// <summary>Whether applications share it.</summary>
    public bool IsShared { get; }

    /// <summary>The one that is meant where no name is given: "web".</summary>
    public bool IsDefault { get; }

    /// <summary>The application's own notes.</summary>
    public IReadOnlyDictionary<string, string> Meta { get; }
}
