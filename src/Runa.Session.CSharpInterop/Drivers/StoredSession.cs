using System.Text;

namespace Runa;

/// <summary>
/// What a driver stores under a key: a session, or the tombstone of a session that has moved to another key. Immutable;
/// equality is by value.
/// </summary>
public sealed class StoredSession : IEquatable<StoredSession>
{
    /// <summary>How far the clocks of two nodes may be apart: 5 minutes.</summary>
    public static TimeSpan ClockTolerance => SessionDriverModule.clockTolerance;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal StoredSession(SessionRecord record) => Record = record;

    /// <summary>
    /// The write that the record came from: 64 random bits, as a number that may be negative, chosen by the writer.
    /// Compare it for equality only.
    /// </summary>
    public long Version => Record.Version.Item;

    /// <summary>
    /// The application and session name that the record belongs to. The owner index is by scope and owner.
    /// </summary>
    public string Scope => Record.Scope;

    /// <summary>The user who signed in; null: nobody.</summary>
    public string? Owner => Record.State.Owner?.Value;

    /// <summary>The absolute end. Only a replace changes it.</summary>
    public DateTimeOffset ExpiresAt => Record.State.ExpiresAt;

    /// <summary>The end if no more requests come; a touch moves it. Null: there is no idle end.</summary>
    public DateTimeOffset? IdleExpiresAt => Record.IdleExpiresAt is { IsSome: true } idleExpiresAt ? idleExpiresAt.Value : null;

    /// <summary>
    /// The earlier of the idle and the absolute end. A store that expires records itself keeps each for a minute
    /// longer.
    /// </summary>
    public DateTimeOffset EndsAt => SessionRecordModule.endsAt(Record);

    /// <summary>If the record is a tombstone, the key that the session has moved to. Null for every other record.</summary>
    public StoreKey? Successor => Record.Kind is RecordKind.Moved moved ? moved.successor : null;

    internal SessionRecord Record { get; }

    /// <summary>Whether the record has ended.</summary>
    /// <param name="now">The time of the application's <see cref="TimeProvider"/>.</param>
    public bool IsExpired(DateTimeOffset now) => SessionRecordModule.isExpired(now, Record);

    /// <summary>
    /// Whether the record has ended by the clock of every node: <see cref="ClockTolerance"/> ago. Until then a purge
    /// keeps it and a listing shows it.
    /// </summary>
    /// <param name="now">The time of the application's <see cref="TimeProvider"/>.</param>
    public bool IsPurgeable(DateTimeOffset now) => SessionRecordModule.isPurgeable(now, Record);

    /// <summary>
    /// The record with a later idle end, and the same version. The idle end never moves earlier, nor past the absolute
    /// end; if it does not move, this returns the record itself.
    /// </summary>
    /// <param name="idleExpiresAt">The new idle end.</param>
    public StoredSession Touch(DateTimeOffset idleExpiresAt)
    {
        var touched = SessionRecordModule.touch(idleExpiresAt, Record);
        return ReferenceEquals(touched, Record) ? this : new StoredSession(touched);
    }

    /// <summary>
    /// The whole record as one JSON document in UTF-8, for a driver to store. The store's own tools can read it;
    /// docs/run/drivers.md lists its properties.
    /// </summary>
    public byte[] ToUtf8Json() => RecordFormat.write(Record);

    /// <summary>The same as text, for stores that take text.</summary>
    public string ToJson() => Encoding.UTF8.GetString(RecordFormat.write(Record));

    /// <summary>Reads a document. The record equals the one that was written, to the tick.</summary>
    /// <param name="utf8Json">The document, from <see cref="ToUtf8Json"/>.</param>
    /// <exception cref="InvalidDataException">
    /// It is no such document. The message names the property that is wrong, and never its value.
    /// </exception>
    public static StoredSession Parse(ReadOnlySpan<byte> utf8Json) => new(RecordFormat.read(utf8Json));

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    /// <param name="json">The document, from <see cref="ToJson"/>.</param>
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

    /// <summary>The kind of the record. It shows neither owner nor values.</summary>
    public override string ToString() => $"{nameof(StoredSession)} ({Record.Kind})";
}
