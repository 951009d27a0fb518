namespace Runa;

/// <summary>How many live sessions there are. Sessions that have ended do not count.</summary>
/// <param name="Sessions">All of them.</param>
/// <param name="SignedIn">Those that have an owner.</param>
public readonly record struct SessionCount(long Sessions, long SignedIn);
