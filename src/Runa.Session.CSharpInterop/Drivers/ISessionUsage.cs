namespace Runa;

/// <summary>
/// Says how full a store in this process is, for the instruments "evicted", "memory.sessions" and "memory.usage". An
/// <see cref="ISessionDriver"/> that keeps sessions in memory implements this, too. The properties are read whenever
/// somebody asks for the figures, and must answer at once.
/// </summary>
public interface ISessionUsage
{
    /// <summary>The sessions that the store holds, those included that have ended and are not removed yet.</summary>
    long Sessions { get; }

    /// <summary>The bytes of memory that they take.</summary>
    long Bytes { get; }

    /// <summary>
    /// How many sessions of visitors who were not signed in the store has evicted, since it was made, to make room.
    /// </summary>
    long EvictedVisitors { get; }

    /// <summary>How many sessions of signed-in users the store has evicted, since it was made, to make room.</summary>
    long EvictedUsers { get; }
}
