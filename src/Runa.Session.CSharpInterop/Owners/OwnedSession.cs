namespace Runa;

/// <summary>One living session of an owner, as a list of devices shows it.</summary>
public sealed class OwnedSession
{
    internal OwnedSession(Session.OwnedSession session)
    {
        Handle = session.Handle;
        Label = session.Label?.Value;
        Address = session.Client?.Value.Address?.Value;
        Agent = session.Client?.Value.Agent?.Value;
        Device = SessionDevices.FromCore(session.Device);
        CreatedAt = session.CreatedAt;
        SignedInAt = session.SignedInAt?.Value;
        LastSeenAt = session.LastSeenAt;
        EndsAt = session.EndsAt;
    }

    /// <summary>
    /// The handle that <see cref="RunaSessions.RevokeAsync"/> takes. It is no token: it cannot be used as a cookie.
    /// </summary>
    public string Handle { get; }

    /// <summary>The label that <see cref="RunaSession.Label"/> has set.</summary>
    public string? Label { get; }

    /// <summary>
    /// The client's address that <see cref="RunaSession.SetClient"/> has set. It is personal data.
    /// </summary>
    public string? Address { get; }

    /// <summary>
    /// The client's agent that <see cref="RunaSession.SetClient"/> has set. It is personal data.
    /// </summary>
    public string? Agent { get; }

    /// <summary>Whether the session is bound to its device.</summary>
    public SessionDevice Device { get; }

    /// <summary>When the session was created. A sign-in sets it anew.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>When the owner signed in.</summary>
    public DateTimeOffset? SignedInAt { get; }

    /// <summary>
    /// When a request last stored something in the session. With an idle timeout reads move it, too, at most once a minute;
    /// without one they do not.
    /// </summary>
    public DateTimeOffset LastSeenAt { get; }

    /// <summary>The earlier of the idle and the absolute end.</summary>
    public DateTimeOffset EndsAt { get; }

    /// <summary>The name of this type. It does not show the handle.</summary>
    public override string ToString() => nameof(OwnedSession);
}
