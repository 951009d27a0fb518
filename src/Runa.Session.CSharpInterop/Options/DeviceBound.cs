namespace Runa;

/// <summary>
/// Whether sessions of signed-in users are bound to their device
/// (<see href="https://w3c.github.io/webappsec-dbsc/">Device Bound Session Credentials</see>): copied cookies are then
/// worthless without a key that never leaves the device.
/// </summary>
public enum DeviceBound
{
    /// <summary>They are not.</summary>
    Off,

    /// <summary>
    /// Browsers are offered the binding at each sign-in. Sessions of browsers that do not know it go on without.
    /// </summary>
    Offer,

    /// <summary>
    /// Requests for a session that is not bound 6 minutes after the sign-in are refused
    /// (<see cref="SessionStatus.Unproven"/>).
    /// </summary>
    Require,
}
