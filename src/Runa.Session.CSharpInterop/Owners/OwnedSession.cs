namespace Runa;

/// <summary>One living session of an owner, as a list of devices shows it.</summary>
public sealed class OwnedSession
{
    internal OwnedSession(Session.OwnedSession session)
    {
        Handle = session.Handle;
        Label = session.Label?.Value;
        CreatedAt = session.CreatedAt;
        SignedInAt = session.SignedInAt?.Value;
        LastSeenAt = session.LastSeenAt;
        EndsAt = session.EndsAt;
    }

    /// <summary>What <see cref="RunaSessions.RevokeAsync"/> takes. It is no token: it cannot be used as a cookie.</summary>
    public string Handle { get; }

    /// <summary>What <see cref="RunaSession.Label"/> says.</summary>
    public string? Label { get; }

    /// <summary>When it was created; a sign-in starts it again.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>When the owner signed in.</summary>
    public DateTimeOffset? SignedInAt { get; }

    /// <summary>When it last stored something, or was touched.</summary>
    public DateTimeOffset LastSeenAt { get; }

    /// <summary>The earlier of the idle and the absolute end.</summary>
    public DateTimeOffset EndsAt { get; }

    /// <summary>No handle.</summary>
    public override string ToString() => nameof(OwnedSession);
}
