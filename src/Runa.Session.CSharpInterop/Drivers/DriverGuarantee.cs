namespace Runa;

/// <summary>What a driver guarantees when two processes write one session at once.</summary>
public enum DriverGuarantee
{
    /// <summary>Replacing is atomic: no update is lost.</summary>
    CompareAndSwap = 0,

    /// <summary>The later write wins and the earlier one is lost: for stores that cannot compare and swap.</summary>
    LastWriteWins = 1,
}
