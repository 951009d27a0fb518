namespace Runa;

/// <summary>A session that was made outside a request. Whoever has its cookie is the session: treat it like a password.</summary>
public sealed class IssuedSession
{
    internal IssuedSession(Committed committed)
    {
        CookieHeader = committed.CookieHeader?.Value ?? string.Empty;
        SetCookies = [.. committed.Cookies];
        Handle = SessionRegistryModule.handle(committed.Session)?.Value;
    }

    /// <summary>What a client sends to have this session: the text of a Cookie header.</summary>
    public string CookieHeader { get; }

    /// <summary>The values of the Set-Cookie headers that give a browser this session.</summary>
    public IReadOnlyList<string> SetCookies { get; }

    /// <summary>The handle under which <see cref="RunaSessions"/> lists the session. Null: it uses the driver "cookie".</summary>
    public string? Handle { get; }

    /// <summary>The name of this type. It shows no cookie.</summary>
    public override string ToString() => nameof(IssuedSession);
}
