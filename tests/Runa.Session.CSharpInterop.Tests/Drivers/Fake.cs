namespace CSharp.Tests.Drivers;

/// <summary>A driver of nothing but what a test gives it.</summary>
internal class Fake : ISessionDriver
{
    public string Name { get; init; } = "fake";

    public DriverGuarantee Guarantee { get; init; }

    public IOwnerIndex? Owners { get; init; }

    public Func<ValueTask<StoredSession?>> Found { get; init; } = () => new((StoredSession?)null);

    public Func<ValueTask<ReplaceResult>> Replaced { get; init; } = () => new(ReplaceResult.Replaced);

    public ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken) => Found();

    public ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken) => new(true);

    public ValueTask<ReplaceResult> ReplaceAsync(
        StoreKey key,
        long expectedVersion,
        StoredSession session,
        CancellationToken cancellationToken) => Replaced();

    public ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken) => new(true);

    public ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken) => Found();
}
