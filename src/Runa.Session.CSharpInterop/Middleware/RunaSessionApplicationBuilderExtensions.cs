using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Runa.Session;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sessions in the pipeline.</summary>
public static class RunaSessionApplicationBuilderExtensions
{
    /// <summary>
    /// Loads the sessions for all that follows, and commits what it changes before the first byte of the response, or at its
    /// end. An exception that passes through discards what was not committed. Put it behind the exception handler and
    /// before whatever asks for the session.
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
        return app.Use(next => ScopeMiddleware.Around(all, next));
    }
}
