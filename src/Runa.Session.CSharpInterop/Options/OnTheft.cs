namespace Runa;

/// <summary>
/// What happens if a copy of a session's cookies was used (<see cref="RunaSessionOptions.Rotate"/>,
/// <see cref="RunaSessionOptions.DeviceBound"/>).
/// </summary>
public enum OnTheft
{
    /// <summary>The session ends, for its user and for whoever has the copy.</summary>
    Revoke,

    /// <summary>Only who shows the older token, or signs with the wrong key, is refused.</summary>
    Ignore,
}
