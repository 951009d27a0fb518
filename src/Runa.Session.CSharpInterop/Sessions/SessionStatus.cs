namespace Runa;

/// <summary>Where a session stands when a request loads it.</summary>
public enum SessionStatus
{
    /// <summary>The browser has no session under this name.</summary>
    New,

    /// <summary>Loaded from the store.</summary>
    Active,

    /// <summary>The browser's token is genuine, its session is gone: expired, ended or revoked. The session is empty.</summary>
    Expired,
}
