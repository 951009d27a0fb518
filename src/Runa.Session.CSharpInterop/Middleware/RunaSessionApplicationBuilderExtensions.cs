using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Runa;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sessions in the pipeline.</summary>
public static class RunaSessionApplicationBuilderExtensions
{
    /// <summary>
    /// Provides the sessions to everything behind it, and commits their changes before the first byte of the response,
    /// or when everything behind it has ended. A session is loaded by the first look or change, and only that makes the
    /// response private to shared caches. A parameter and <c>LoadRunaSessionAsync</c> load it without blocking a
    /// thread; a property of what <c>GetRunaSession</c> returns blocks the thread until the store has answered. If an
    /// exception passes through, changes that are not committed yet are dropped. Put it behind the exception handler
    /// and routing, and before whatever uses a session.
    /// </summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="names">The names under which the sessions are registered. Without any: "web".</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">One of the names is null or empty.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is no session of this name, or sessions are not configured.
    /// </exception>
    public static IApplicationBuilder UseRunaSession(this IApplicationBuilder app, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(app);
        var all = RegisteredSessions.Named(names);
        RegisteredSessions.Check(app.ApplicationServices, all);
        return app.Use(next => SessionMiddlewares.Around(all, SessionMiddlewares.MayHaveSession, next));
    }
}
