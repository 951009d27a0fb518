namespace Runa;

/// <summary>A part of an owner's sessions.</summary>
public sealed class OwnedSessionPage
{
    internal OwnedSessionPage(Session.OwnedSessionPage page)
    {
        Items = [.. page.Items.Select(session => new OwnedSession(session))];
        Next = page.Next?.Value;
    }

    /// <summary>The living sessions of this page. It may be empty although another page follows.</summary>
    public IReadOnlyList<OwnedSession> Items { get; }

    /// <summary>
    /// Where the next page begins: a text of the driver's own, which is good for this owner. Null: this was the last page.
    /// </summary>
    public string? Next { get; }

    /// <summary>The name of this type, and how many sessions it has.</summary>
    public override string ToString() => $"{nameof(OwnedSessionPage)} ({Items.Count} sessions)";
}
