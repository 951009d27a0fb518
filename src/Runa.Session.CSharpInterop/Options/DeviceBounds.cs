namespace Runa;

/// <summary>The setting DeviceBound in C# and in the core.</summary>
internal static class DeviceBounds
{
    internal static DeviceBound OfCore(Session.DeviceBound bound) =>
        bound.IsRequire ? DeviceBound.Require
        : bound.IsOffer ? DeviceBound.Offer
        : DeviceBound.Off;

    internal static Session.DeviceBound ToCore(DeviceBound bound) =>
        bound switch
        {
            DeviceBound.Require => Session.DeviceBound.Require,
            DeviceBound.Offer => Session.DeviceBound.Offer,
            _ => Session.DeviceBound.Off,
        };
}
