namespace Runa;

/// <summary>The latest revocation of an owner's sessions.</summary>
public readonly struct OwnerEpoch : IEquatable<OwnerEpoch>
{
    /// <summary>Creates an epoch.</summary>
    /// <param name="number">Its <see cref="Number"/>.</param>
    /// <param name="age">Its <see cref="Age"/>.</param>
    public OwnerEpoch(long number, TimeSpan age)
    {
        Number = number;
        Age = age;
    }

    /// <summary>
    /// A number that each <see cref="IOwnerIndex.AdvanceEpochAsync"/> of the owner and each
    /// <see cref="IOwnerIndex.DeleteAllAsync"/> of the scope changes, to one that it never was before.
    /// </summary>
    public long Number { get; }

    /// <summary>
    /// How long ago the number was last changed, by the store's clock or a monotonic one, never by the application's
    /// <see cref="TimeProvider"/>, rounded up to what the store can tell. <see cref="TimeSpan.MaxValue"/>: never, or
    /// unknown.
    /// </summary>
    public TimeSpan Age { get; }

    /// <summary>Whether two epochs are the same.</summary>
    /// <param name="left">One of them.</param>
    /// <param name="right">The other one.</param>
    public static bool operator ==(OwnerEpoch left, OwnerEpoch right) => left.Equals(right);

    /// <summary>Whether two epochs differ.</summary>
    /// <param name="left">One of them.</param>
    /// <param name="right">The other one.</param>
    public static bool operator !=(OwnerEpoch left, OwnerEpoch right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(OwnerEpoch other) => Number == other.Number && Age == other.Age;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is OwnerEpoch other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Number, Age);
}
