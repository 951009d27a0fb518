using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Session;
using Microsoft.Extensions.Logging;

namespace Runa.Session;

/// <summary>Provides <c>HttpContext.Session</c> to what follows.</summary>
internal sealed class AspNetSessionMiddleware(
    RequestDelegate next,
    string name,
    RunaAspNetSessionOptions options,
    ILogger log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var request = RequestSessions.findFor(Asker.CSharp, context, name)!;
        var session = new AspNetSession(request, options, log);

        if (!context.Response.HasStarted)
        {
            context.Response.OnStarting(ForbidCaching, request);
        }

        await session.BeginAsync().ConfigureAwait(false);
        using var binding = RequestSessions.bind(request);
        var feature = new SessionFeature { Session = session };
        context.Features.Set<ISessionFeature>(feature);

        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch
        {
            // Without a filter, and not in a finally: what follows here must not hide it.
            context.Features.Set<ISessionFeature>(null);
            await session.EndAsync(feature.Session, isFailing: true).ConfigureAwait(false);
            throw;
        }

        context.Features.Set<ISessionFeature>(null);
        await session.EndAsync(feature.Session, isFailing: false).ConfigureAwait(false);
    }

    /// <summary>
    /// What the framework says of a response that establishes a session. Registered after the callback that sends the
    /// cookie, so it runs before that one, which leaves what is stricter.
    /// </summary>
    private static Task ForbidCaching(object state)
    {
        var request = (RequestSession)state;
        var change = request.Cookie;

        // Still pending is what was written past the body feature; the callback that follows commits it.
        if (change.IsSet || change.IsTexts || (request.IsLoaded && request.IsPending && !SessionModule.status(request.Current).IsActive))
        {
            var headers = request.Context.Response.Headers;
            headers.CacheControl = "no-cache,no-store";
            headers.Pragma = "no-cache";
            headers.Expires = "-1";
        }

        return Task.CompletedTask;
    }
}
