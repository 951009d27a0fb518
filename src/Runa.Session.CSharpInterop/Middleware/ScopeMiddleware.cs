using Microsoft.AspNetCore.Http;

namespace Runa;

/// <summary>Runs what follows with its sessions at hand, and commits what it changes. Loads nothing that nobody looks at.</summary>
internal static class ScopeMiddleware
{
    /// <summary>Runs what follows with one session, unless <paramref name="isFor"/> returns false when it is asked for.</summary>
    public static Task RunAsync(HttpContext context, string name, Func<HttpContext, bool>? isFor, RequestDelegate next)
    {
        var offer = context.OfferSession(name, null, isFor);
        Task running;

        try
        {
            running = next(context);
        }
        catch
        {
            offer.Dispose();
            throw;
        }

        if (running.IsCompletedSuccessfully && !IsChanged(offer))
        {
            offer.Dispose();
            return running;
        }

        return FinishAsync(offer, running);
    }

    /// <summary>`next` itself where routing found an endpoint that has no session.</summary>
    public static RequestDelegate UnlessWithout(RequestDelegate around, RequestDelegate next) =>
        context => MayHaveSession(context) ? around(context) : next(context);

    /// <summary>Runs what follows with its sessions: the first of the names outermost.</summary>
    public static RequestDelegate Around(IEnumerable<string> names, Func<HttpContext, bool>? isFor, RequestDelegate next) =>
        names.Reverse().Aggregate(next, (inner, name) => context => RunAsync(context, name, isFor, inner));

    /// <summary>Whether the request's endpoint may have a session.</summary>
    public static bool MayHaveSession(HttpContext context) =>
        context.GetEndpoint() is not { } endpoint || !RunaSessionMetadata.IsWithout(endpoint.Metadata);

    private static bool IsChanged(SessionOffer offer) => offer.IsAsked && offer.Scope.IsChanged;

    private static async Task FinishAsync(SessionOffer offer, Task running)
    {
        try
        {
            await running.ConfigureAwait(false);

            if (IsChanged(offer))
            {
                await offer.Scope.Commit().ConfigureAwait(false);
            }
        }
        finally
        {
            offer.Dispose();
        }
    }
}
