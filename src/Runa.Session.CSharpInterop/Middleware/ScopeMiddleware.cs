using Microsoft.AspNetCore.Http;

namespace Runa.Session;

/// <summary>Runs what follows with its sessions at hand, and commits what it changes. Loads nothing that nobody looks at.</summary>
internal static class ScopeMiddleware
{
    /// <summary>With one session, as most have.</summary>
    public static Task RunAsync(HttpContext context, string name, RequestDelegate next)
    {
        var scope = context.GetSessionScope(name);
        var opening = scope.Open(null);
        Task running;

        try
        {
            running = next(context);
        }
        catch
        {
            opening.Dispose();
            throw;
        }

        if (running.IsCompletedSuccessfully && !scope.IsChanged)
        {
            opening.Dispose();
            return Task.CompletedTask;
        }

        return FinishAsync(scope, opening, running);
    }

    /// <summary>`next` itself where routing found an endpoint that has no session.</summary>
    public static RequestDelegate UnlessWithout(RequestDelegate around, RequestDelegate next) =>
        context => context.GetEndpoint() is { } endpoint && RunaSessionMetadata.IsWithout(endpoint.Metadata)
            ? next(context)
            : around(context);

    /// <summary>Around what follows: the first of the names outermost.</summary>
    public static RequestDelegate Around(IEnumerable<string> names, RequestDelegate next) =>
        names.Reverse().Aggregate(next, (inner, name) => context => RunAsync(context, name, inner));

    private static async Task FinishAsync(SessionScope scope, ScopeOpening opening, Task running)
    {
        try
        {
            await running.ConfigureAwait(false);

            if (scope.IsChanged)
            {
                await scope.Commit().ConfigureAwait(false);
            }
        }
        finally
        {
            opening.Dispose();
        }
    }
}
