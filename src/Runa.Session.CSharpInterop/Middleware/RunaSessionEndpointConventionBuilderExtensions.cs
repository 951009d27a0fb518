using Microsoft.AspNetCore.Http;
using Runa;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sessions of single endpoints.</summary>
public static class RunaSessionEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Provides the sessions to these endpoints only, as <c>UseRunaSession</c> does to everything behind it. Works for
    /// minimal APIs, controllers, Razor Pages and hubs, and needs no middleware.
    /// </summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="names">The names under which the sessions are registered. Without any: "web".</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">One of the names is null or empty.</exception>
    /// <exception cref="InvalidOperationException">
    /// Raised when the endpoints are built: there is no session of this name, or sessions are not configured.
    /// </exception>
    public static TBuilder WithRunaSession<TBuilder>(this TBuilder builder, params string[] names)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var all = RegisteredSessions.Named(names);

        builder.Add(endpoint => endpoint.Metadata.Add(new RunaSessionMetadata(all)));

        // Finally, because the endpoint has its RequestDelegate by then.
        builder.Finally(endpoint =>
        {
            RegisteredSessions.Check(endpoint.ApplicationServices, all);

            if (endpoint.RequestDelegate is { } run && !RunaSessionMetadata.IsWithout(new EndpointMetadataCollection(endpoint.Metadata)))
            {
                endpoint.RequestDelegate = SessionMiddlewares.Around(all, null, run);
            }
        });

        return builder;
    }

    /// <summary>
    /// Gives these endpoints no session: <c>UseRunaSession</c> and <c>UseRunaAspNetSession</c>, if they come after
    /// routing, do nothing for them, and neither does the <c>WithRunaSession</c> of a group around them. Asking for a
    /// session there raises <see cref="InvalidOperationException"/>; <c>LoadRunaSessionAsync</c> and
    /// <c>UpdateRunaSessionAsync</c> work as they do without the middleware.
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
