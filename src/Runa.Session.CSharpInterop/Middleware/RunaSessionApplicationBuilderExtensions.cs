using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Runa;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sessions in the pipeline.</summary>
public static class RunaSessionApplicationBuilderExtensions
{
    /// <summary>
    /// Provides the sessions to all that follows, and commits what it changes before the first byte of the response, or at its
    /// end. A session is loaded when it is first looked at or changed, and only then is the response made private to shared
    /// caches: by a parameter or <c>LoadRunaSessionAsync</c> without blocking a thread; a property of what
    /// <c>GetRunaSession</c> gives blocks it until the store has answered. An exception that passes through discards what was
    /// not committed. Put it behind the exception handler and routing, and before whatever asks for the session.
    /// </summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="names">The names that the sessions are registered under; none: "web".</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">One of the names is null or empty.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name, or sessions are not configured.</exception>
    public static IApplicationBuilder UseRunaSession(this IApplicationBuilder app, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(app);
        var all = RegisteredSessions.Named(names);
        RegisteredSessions.Check(app.ApplicationServices, all);
        return app.Use(next => ScopeMiddleware.Around(all, ScopeMiddleware.MayHaveSession, next));
    }
}
