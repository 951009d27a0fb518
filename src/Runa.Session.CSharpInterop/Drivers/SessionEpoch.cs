namespace Runa.Session;

/// <summary>Which revocation of an owner's sessions was the last one.</summary>
/// <param name="Number">
/// Changed by each <see cref="ISessionOwnerIndex.AdvanceEpochAsync"/> of the owner and each
/// <see cref="ISessionOwnerIndex.DeleteAllAsync"/> of the scope, to one that it never was.
/// </param>
/// <param name="Age">
/// How long ago it was changed last, by the store's own clock or a monotonic one and never by the application's
/// <see cref="TimeProvider"/>, rounded up to what the store can tell. <see cref="TimeSpan.MaxValue"/>: never, or nobody knows.
/// </param>
public readonly record struct SessionEpoch(long Number, TimeSpan Age);
