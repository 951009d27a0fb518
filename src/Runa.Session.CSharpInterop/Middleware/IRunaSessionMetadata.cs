namespace Runa.Session;

/// <summary>Says of an endpoint which sessions are loaded for it.</summary>
public interface IRunaSessionMetadata
{
    /// <summary>The names that they are registered under.</summary>
    IReadOnlyList<string> Names { get; }
}

internal sealed class RunaSessionMetadata(IReadOnlyList<string> names) : IRunaSessionMetadata
{
    public IReadOnlyList<string> Names => names;

    public override string ToString() => $"RunaSession: {string.Join(", ", names)}";
}
