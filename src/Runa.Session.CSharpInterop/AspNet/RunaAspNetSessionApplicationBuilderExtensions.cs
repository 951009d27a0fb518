using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Session;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Runa;

namespace Microsoft.AspNetCore.Builder;

/// <summary><c>HttpContext.Session</c> in the pipeline.</summary>
public static class RunaAspNetSessionApplicationBuilderExtensions
{
    /// <summary>
    /// Provides <c>HttpContext.Session</c> (<see cref="ISession"/>) to everything behind it, in place of
    /// <c>UseSession</c>: for TempData, MVC, Razor Pages and libraries. It is the same session that
    /// <see cref="RunaSessionHttpContextExtensions.GetRunaSession"/> returns, which can be read and changed here too.
    /// The first use loads it: <see cref="ISession.LoadAsync"/> without blocking a thread; any other member blocks the
    /// thread until the store has answered, as the framework's does. Changes are committed before the first byte of the
    /// response, or when everything behind it has ended, even with an exception. Put it behind the exception handler
    /// and routing, and before whatever uses the session.
    /// </summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="name">The name under which the session is registered. Default: "web".</param>
    /// <param name="configure">Changes what happens if changes cannot be saved. Default: the request fails.</param>
    /// <exception cref="ArgumentNullException">The pipeline or the name is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is no session of this name, or sessions are not configured.
    /// </exception>
    public static IApplicationBuilder UseRunaAspNetSession(
        this IApplicationBuilder app,
        string name = RunaSessionDefaults.Name,
        Action<RunaAspNetSessionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentException.ThrowIfNullOrEmpty(name);
        RegisteredSessions.Check(app.ApplicationServices, [name]);
        var options = new RunaAspNetSessionOptions();
        configure?.Invoke(options);
        var log = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(AspNetSessionLog.Category);

        if (HasFrameworkSession(app.ApplicationServices))
        {
            log.FrameworkOptions(name);
        }

        return app.Use(next =>
        {
            var around = new AspNetSessionMiddleware(next, name, options, log);
            return context => SessionMiddlewares.MayHaveSession(context) ? around.InvokeAsync(context) : next(context);
        });
    }

    /// <summary>Like the other, for the session "web".</summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="configure">Changes what happens if changes cannot be saved.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session "web", or sessions are not configured.</exception>
    public static IApplicationBuilder UseRunaAspNetSession(
        this IApplicationBuilder app,
        Action<RunaAspNetSessionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(configure);
        return app.UseRunaAspNetSession(RunaSessionDefaults.Name, configure);
    }

    /// <summary>Whether AddSession was called, or its options are configured. Nothing is created to find out.</summary>
    private static bool HasFrameworkSession(IServiceProvider services) =>
        services.GetService<IServiceProviderIsService>() is { } registered
        && (registered.IsService(typeof(ISessionStore)) || registered.IsService(typeof(IConfigureOptions<SessionOptions>)));
}
