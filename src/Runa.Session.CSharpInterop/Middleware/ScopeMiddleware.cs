using Microsoft.AspNetCore.Http;

namespace Runa.Session;

/// <summary>Runs what follows with its sessions at hand, and commits what it changes. Loads nothing that nobody looks at.</summary>
internal static class ScopeMiddleware
{
    /// <summary>With one session, as most have.</summary>
    public static Task RunAsync(HttpContext context, string name, RequestDelegate next)
    {
        var offer = context.OfferSession(name, null);
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
        context => context.GetEndpoint() is { } endpoint && RunaSessionMetadata.IsWithout(endpoint.Metadata)
            ? next(context)
            : around(context);

    /// <summary>Around what follows: the first of the names outermost.</summary>
    public static RequestDelegate Around(IEnumerable<string> names, RequestDelegate next) =>
        names.Reverse().Aggregate(next, (inner, name) => context => RunAsync(context, name, inner));

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
