namespace Runa;

/// <summary>What a sign-in does if its owner has as many sessions as <see cref="RunaSessionOptions.MaxSessions"/>.</summary>
public enum WhenFull
{
    /// <summary>It ends the oldest of them, by their sign-in.</summary>
    EndOldest,

    /// <summary>It is refused: <see cref="SessionLimitException"/>.</summary>
    Refuse,
}
