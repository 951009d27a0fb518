using Microsoft.AspNetCore.Http;
using Runa.Session;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sessions of single endpoints.</summary>
public static class RunaSessionEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Loads the sessions for these endpoints only, as <c>UseRunaSession</c> does for all that follows it. Works for minimal
    /// APIs, controllers, Razor Pages and hubs, and needs no middleware.
    /// </summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="names">The names that the sessions are registered under; none: "web".</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">One of the names is null or empty.</exception>
    /// <exception cref="InvalidOperationException">
    /// When the endpoints are built: there is no session of this name, or sessions are not configured.
    /// </exception>
    public static TBuilder WithRunaSession<TBuilder>(this TBuilder builder, params string[] names)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var all = RegisteredSessions.Named(names);

        builder.Add(endpoint => endpoint.Metadata.Add(new RunaSessionMetadata(all)));

        // At last, when what the endpoint runs is known.
        builder.Finally(endpoint =>
        {
            RegisteredSessions.Check(endpoint.ApplicationServices, all);

            if (endpoint.RequestDelegate is { } run)
            {
                endpoint.RequestDelegate = ScopeMiddleware.Around(all, run);
            }
        });

        return builder;
    }
}
