using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Runa;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Sessions in Blazor components.</summary>
public static class RunaSessionBlazorExtensions
{
    /// <summary>
    /// Gives components that are rendered statically the session as a cascading parameter of the type
    /// <see cref="RunaSession"/>, and all components the service <see cref="RunaComponentSessions"/>. The session is that
    /// of the request, behind <c>UseRunaSession</c>; in interactive components the parameter is null.
    /// </summary>
    /// <param name="builder">Returned by <c>AddRazorComponents</c>.</param>
    /// <param name="names">
    /// The names under which the sessions are registered. Without any: "web". The first one is the parameter without a
    /// name; each is the parameter of its name: <c>[CascadingParameter(Name = "admin")]</c>.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">One of the names is null or empty.</exception>
    public static IRazorComponentsBuilder AddRunaSession(this IRazorComponentsBuilder builder, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var all = RegisteredSessions.Named(names);
        AddComponentSessions(builder.Services);
        builder.Services.AddCascadingValue(services => OfRequest(services, all[0]));

        foreach (var name in all)
        {
            builder.Services.AddCascadingValue(name, services => OfRequest(services, name));
        }

        return builder;
    }

    /// <summary>
    /// Gives interactive components the service <see cref="RunaComponentSessions"/>, which reads and changes the sessions
    /// of the browser. If the user comes from a session (<c>AddAuthentication().AddRunaSession</c>), the circuit signs the
    /// user out once that session has ended: at the latest after <see cref="RunaCircuitOptions.RevalidationInterval"/>.
    /// </summary>
    /// <param name="builder">Returned by <c>AddInteractiveServerComponents</c>.</param>
    /// <exception cref="ArgumentNullException">The argument is null.</exception>
    public static IServerSideBlazorBuilder AddRunaSession(this IServerSideBlazorBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddComponentSessions(builder.Services);
        builder.Services.AddOptions<RunaCircuitOptions>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Scoped<CircuitHandler, CircuitSessions>());
        builder.Services.Replace(ServiceDescriptor.Scoped<AuthenticationStateProvider, SessionAuthenticationStateProvider>());
        return builder.AddHubOptions(static options => options.AddFilter(new CircuitConnection()));
    }

    /// <summary>Like the other, with options.</summary>
    /// <param name="builder">Returned by <c>AddInteractiveServerComponents</c>.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IServerSideBlazorBuilder AddRunaSession(
        this IServerSideBlazorBuilder builder,
        Action<RunaCircuitOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.Configure(configure);
        return builder.AddRunaSession();
    }

    private static RunaSession? OfRequest(IServiceProvider services, string name) =>
        services.GetRequiredService<RunaComponentSessions>().OfRequest(name);

    private static void AddComponentSessions(IServiceCollection services)
    {
        services.AddHttpContextAccessor();

        services.TryAddScoped(provider => new RunaComponentSessions(
            provider.GetRequiredService<SessionRegistry>(),
            provider.GetRequiredService<IHttpContextAccessor>()));
    }
}
