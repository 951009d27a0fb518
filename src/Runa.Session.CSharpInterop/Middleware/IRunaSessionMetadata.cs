using Microsoft.AspNetCore.Http;

namespace Runa;

/// <summary>
/// Says which sessions an endpoint has. If an endpoint has this metadata several times, the last one counts: its own
/// wins over that of its group.
/// </summary>
public interface IRunaSessionMetadata
{
    /// <summary>
    /// The names of its sessions. If there are none, the endpoint has no session, even behind <c>UseRunaSession</c>.
    /// </summary>
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
