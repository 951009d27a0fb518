namespace Runa;

/// <summary>Which revocation of an owner's sessions was the last one.</summary>
public readonly struct OwnerEpoch : IEquatable<OwnerEpoch>
{
    /// <summary>An epoch.</summary>
    /// <param name="number">Its <see cref="Number"/>.</param>
    /// <param name="age">Its <see cref="Age"/>.</param>
    public OwnerEpoch(long number, TimeSpan age)
    {
        Number = number;
        Age = age;
    }

    /// <summary>
    /// Changed by each <see cref="IOwnerIndex.AdvanceEpochAsync"/> of the owner and each
    /// <see cref="IOwnerIndex.DeleteAllAsync"/> of the scope, to one that it never was.
    /// </summary>
    public long Number { get; }

    /// <summary>
    /// How long ago it was changed last, by the store's own clock or a monotonic one and never by the application's
    /// <see cref="TimeProvider"/>, rounded up to what the store can tell. <see cref="TimeSpan.MaxValue"/>: never, or nobody
    /// knows.
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
