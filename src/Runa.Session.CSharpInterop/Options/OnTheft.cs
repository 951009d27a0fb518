namespace Runa;

/// <summary>What happens if a copy of a session's token was used (<see cref="RunaSessionOptions.Rotate"/>).</summary>
public enum OnTheft
{
    /// <summary>The session ends, for its user and for whoever has the copy.</summary>
    Revoke,

    /// <summary>Only who shows the older token loses the session.</summary>
    Ignore,
}
