using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Runa;

/// <summary>Puts sessions around what follows in the pipeline.</summary>
internal static class SessionMiddlewares
{
    /// <summary>
    /// Whether the request's endpoint may have a session. GetEndpoint says the same, but by a generic virtual call.
    /// </summary>
    public static bool MayHaveSession(HttpContext context) =>
        context.Features[typeof(IEndpointFeature)] is not IEndpointFeature { Endpoint: { } endpoint }
        || !RunaSessionMetadata.IsWithout(endpoint.Metadata);

    /// <summary>
    /// Runs what follows with its sessions, unless <paramref name="isFor"/> returns false when one is asked for. The first of
    /// the names is outermost.
    /// </summary>
    public static RequestDelegate Around(IEnumerable<string> names, Func<HttpContext, bool>? isFor, RequestDelegate next) =>
        names.Reverse().Aggregate(next, (inner, name) => new SessionMiddleware(name, isFor).Around(inner));
}
