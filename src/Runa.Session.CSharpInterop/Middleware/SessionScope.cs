using Microsoft.AspNetCore.Http;

namespace Runa.Session;

/// <summary>Runs what follows with its sessions loaded, and commits what it leaves.</summary>
internal static class SessionScope
{
    /// <summary>With one session, as most have.</summary>
    public static async Task RunAsync(HttpContext context, string name, RequestDelegate next)
    {
        var request = RequestSessions.findFor(Asker.CSharp, context, name)!;
        await request.LoadAndTouch().ConfigureAwait(false);
        using var binding = RequestSessions.bind(request);
        await next(context).ConfigureAwait(false);

        if (request.IsPending)
        {
            await request.Commit().ConfigureAwait(false);
        }
    }

    /// <summary>Around what follows: the first of the names outermost.</summary>
    public static RequestDelegate Around(IEnumerable<string> names, RequestDelegate next) =>
        names.Reverse().Aggregate(next, (inner, name) => context => RunAsync(context, name, inner));
}
