using Microsoft.AspNetCore.Http;

namespace Runa;

/// <summary>
/// Says of an endpoint which sessions it has. Of several the last one counts: an endpoint's own over that of its group.
/// </summary>
public interface IRunaSessionMetadata
{
    /// <summary>The names that they are registered under. None: the endpoint has no session, whatever the middleware says.</summary>
    IReadOnlyList<string> Names { get; }
}

internal sealed class RunaSessionMetadata(IReadOnlyList<string> names) : IRunaSessionMetadata
{
    public IReadOnlyList<string> Names => names;

    public override string ToString() => names.Count == 0 ? "RunaSession: none" : $"RunaSession: {string.Join(", ", names)}";

    /// <summary>Whether the endpoint with this metadata has no session.</summary>
    public static bool IsWithout(EndpointMetadataCollection metadata) =>
        metadata.GetMetadata<IRunaSessionMetadata>() is { Names.Count: 0 };
}
