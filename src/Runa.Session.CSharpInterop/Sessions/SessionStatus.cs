namespace Runa;

/// <summary>What a request finds when it loads a session.</summary>
public enum SessionStatus
{
    /// <summary>The browser has no session of this name.</summary>
    New,

    /// <summary>The session exists and was loaded.</summary>
    Active,

    /// <summary>
    /// The browser's token is genuine, but its session is gone: expired, ended or revoked. The session is empty.
    /// </summary>
    Expired,

    /// <summary>
    /// The browser's token is genuine, but a copy of it was used: the session was ended, or this request shows the copy. The
    /// session is empty.
    /// </summary>
    Taken,

    /// <summary>
    /// The session is bound to a device, or must be (<c>device_bound</c>), and this request does not
    /// come from that device, as far as is known. The session is empty, and a change other than a sign-in or sign-out cannot be
    /// saved.
    /// </summary>
    Unproven,
}
