using Microsoft.AspNetCore.Http;
using Runa;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sessions of single endpoints.</summary>
public static class RunaSessionEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Provides the sessions to these endpoints only, as <c>UseRunaSession</c> does for all that follows it. Works for minimal
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

            if (endpoint.RequestDelegate is { } run && !RunaSessionMetadata.IsWithout(new EndpointMetadataCollection(endpoint.Metadata)))
            {
                endpoint.RequestDelegate = ScopeMiddleware.Around(all, null, run);
            }
        });

        return builder;
    }

    /// <summary>
    /// These endpoints have no session: <c>UseRunaSession</c> and <c>UseRunaAspNetSession</c> do nothing for them, where they
    /// come after routing, nor does the <c>WithRunaSession</c> of a group around them. Asking for a session there raises
    /// <see cref="InvalidOperationException"/>; <c>LoadRunaSessionAsync</c> and <c>UpdateRunaSessionAsync</c> work, as they do
    /// without any middleware.
    /// </summary>
    /// <param name="builder">The endpoints.</param>
    /// <exception cref="ArgumentNullException">The argument is null.</exception>
    public static TBuilder WithoutRunaSession<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint => endpoint.Metadata.Add(new RunaSessionMetadata([])));
        return builder;
    }
}
