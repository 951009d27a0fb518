namespace Runa;

/// <summary>Whether only requests of one device are the session's (<c>device_bound</c>).</summary>
public enum SessionDevice
{
    /// <summary>It is not bound: whoever has its cookie is the session.</summary>
    Unbound,

    /// <summary>
    /// The browser was offered to bind it, and may do so within seconds. Until then it is as if unbound.
    /// </summary>
    Offered,

    /// <summary>It is bound: a copy of its cookies is worthless within minutes.</summary>
    Bound,
}

internal static class SessionDevices
{
    public static SessionDevice FromCore(Session.SessionDevice device) =>
        device.IsBound ? SessionDevice.Bound
        : device.IsOffered ? SessionDevice.Offered
        : SessionDevice.Unbound;
}
