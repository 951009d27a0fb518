using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Session;
using Microsoft.Extensions.Logging;

namespace Runa;

/// <summary>Provides <c>HttpContext.Session</c> to everything behind it.</summary>
internal sealed class AspNetSessionMiddleware(
    RequestDelegate next,
    string name,
    RunaAspNetSessionOptions options,
    ILogger log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        using var session = new AspNetSession(context, name, options, log);
        var feature = new SessionFeature { Session = session };
        context.Features.Set<ISessionFeature>(feature);

        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch
        {
            // Not a finally, which could hide this exception behind one of its own.
            context.Features.Set<ISessionFeature>(null);
            await session.EndAsync(feature.Session, isFailing: true).ConfigureAwait(false);
            throw;
        }

        context.Features.Set<ISessionFeature>(null);
        await session.EndAsync(feature.Session, isFailing: false).ConfigureAwait(false);
    }
}
