namespace Runa;

/// <summary>How many live sessions there are. Sessions that have ended do not count.</summary>
public readonly struct SessionCount : IEquatable<SessionCount>
{
    /// <summary>Creates a count.</summary>
    /// <param name="sessions">All live sessions.</param>
    /// <param name="signedIn">Those of them that have an owner.</param>
    public SessionCount(long sessions, long signedIn)
    {
        Sessions = sessions;
        SignedIn = signedIn;
    }

    /// <summary>All live sessions.</summary>
    public long Sessions { get; }

    /// <summary>Those of them that have an owner.</summary>
    public long SignedIn { get; }

    /// <summary>Whether two counts are the same.</summary>
    /// <param name="left">One of them.</param>
    /// <param name="right">The other one.</param>
    public static bool operator ==(SessionCount left, SessionCount right) => left.Equals(right);

    /// <summary>Whether two counts differ.</summary>
    /// <param name="left">One of them.</param>
    /// <param name="right">The other one.</param>
    public static bool operator !=(SessionCount left, SessionCount right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(SessionCount other) => Sessions == other.Sessions && SignedIn == other.SignedIn;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SessionCount other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Sessions, SignedIn);
}
