using System.Text;

namespace Runa;

/// <summary>
/// What a driver stores under a key: a session, or the tombstone of one that has moved to another key. Immutable; equal to
/// another one that holds the same.
/// </summary>
public sealed class StoredSession : IEquatable<StoredSession>
{
    /// <summary>How far the clocks of two nodes may be apart: 5 minutes.</summary>
    public static TimeSpan ClockTolerance => SessionDriverModule.clockTolerance;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal StoredSession(SessionRecord record) => Record = record;

    /// <summary>
    /// Which write it came from: 64 random bits, negative ones too, chosen by the writer. Compared for equality only.
    /// </summary>
    public long Version => Record.Version.Item;

    /// <summary>Whose it is: application and session name. With the owner, what the index is kept by.</summary>
    public string Scope => Record.Scope;

    /// <summary>Who signed in; null: nobody.</summary>
    public string? Owner => Record.State.Owner?.Value;

    /// <summary>The absolute end, which nothing moves but a replace.</summary>
    public DateTimeOffset ExpiresAt => Record.State.ExpiresAt;

    /// <summary>The end for want of requests, which a touch moves; null: there is none.</summary>
    public DateTimeOffset? IdleExpiresAt => Record.IdleExpiresAt is { IsSome: true } idleExpiresAt ? idleExpiresAt.Value : null;

    /// <summary>
    /// The earlier of the idle and the absolute end. A store that expires by itself keeps the record a minute longer.
    /// </summary>
    public DateTimeOffset EndsAt => SessionRecordModule.endsAt(Record);

    /// <summary>Of a tombstone: where the session stands now. Null for every other record.</summary>
    public StoreKey? Successor => Record.Kind is RecordKind.Moved moved ? moved.successor : null;

    internal SessionRecord Record { get; }

    /// <summary>Whether the earlier end has come.</summary>
    /// <param name="now">The time of the application's <see cref="TimeProvider"/>.</param>
    public bool IsExpired(DateTimeOffset now) => SessionRecordModule.isExpired(now, Record);

    /// <summary>
    /// Whether the earlier end has come by the clock of every node: <see cref="ClockTolerance"/> ago. Before that a sweep
    /// leaves it, and a listing shows it.
    /// </summary>
    /// <param name="now">The time of the application's <see cref="TimeProvider"/>.</param>
    public bool IsPurgeable(DateTimeOffset now) => SessionRecordModule.isPurgeable(now, Record);

    /// <summary>
    /// The record with a later idle end, of the same version. It is never moved earlier, nor past the absolute end: where
    /// there is nothing to move, the record itself.
    /// </summary>
    /// <param name="idleExpiresAt">The later idle end.</param>
    public StoredSession Touch(DateTimeOffset idleExpiresAt)
    {
        var touched = SessionRecordModule.touch(idleExpiresAt, Record);
        return ReferenceEquals(touched, Record) ? this : new StoredSession(touched);
    }

    /// <summary>
    /// The whole record as one JSON document in UTF-8, readable with the store's own tools: what a driver stores. Its
    /// properties are listed in docs/drivers.md.
    /// </summary>
    public byte[] ToUtf8Json() => RecordFormat.write(Record);

    /// <summary>The same as text, for stores that take text.</summary>
    public string ToJson() => Encoding.UTF8.GetString(RecordFormat.write(Record));

    /// <summary>The record of a document: equal to the one that was written, to the tick.</summary>
    /// <param name="utf8Json">What <see cref="ToUtf8Json"/> made.</param>
    /// <exception cref="InvalidDataException">
    /// It is anything else. The message names the property that is wrong, and never what it holds.
    /// </exception>
    public static StoredSession Parse(ReadOnlySpan<byte> utf8Json) => new(RecordFormat.read(utf8Json));

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    /// <param name="json">What <see cref="ToJson"/> made.</param>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    public static StoredSession Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);

        try
        {
            return Parse(s_strict.GetBytes(json));
        }
        catch (EncoderFallbackException e)
        {
            throw new InvalidDataException("This is no session record: it is not valid Unicode.", e);
        }
    }

    /// <inheritdoc/>
    public bool Equals(StoredSession? other) => other is not null && Record.Equals(other.Record);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StoredSession);

    /// <inheritdoc/>
    public override int GetHashCode() => Version.GetHashCode();

    /// <summary>Neither owner nor value.</summary>
    public override string ToString() => $"{nameof(StoredSession)} ({Record.Kind})";
}
