using System.Runtime.CompilerServices;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Runa;

/// <summary>
/// Signs the user of a circuit out once the session that the user comes from has ended, or belongs to somebody else.
/// Users of other authentication schemes are left alone.
/// </summary>
internal sealed partial class SessionAuthenticationStateProvider(
    RunaComponentSessions sessions,
    IServiceProvider services,
    IOptionsMonitor<SessionAuthenticationOptions> schemeOptions,
    IOptions<RunaCircuitOptions> options,
    ILoggerFactory loggers) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    private readonly ILogger _log = loggers.CreateLogger("Runa.Session.Circuits");

    // By the identity itself: a circuit gets a new user when its browser connects again with other cookies.
    private readonly ConditionalWeakTable<ClaimsIdentity, string> _owners = [];

    protected override TimeSpan RevalidationInterval => options.Value.RevalidationInterval;

    protected override async Task<bool> ValidateAuthenticationStateAsync(
        AuthenticationState authenticationState,
        CancellationToken cancellationToken)
    {
        foreach (var identity in authenticationState.User.Identities)
        {
            if (await SessionOf(identity).ConfigureAwait(false) is { } name
                && !await IsAlive(identity, name).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The session that an identity comes from. Null: it comes from another scheme.</summary>
    private async Task<string?> SessionOf(ClaimsIdentity identity) =>
        identity.AuthenticationType is { } scheme
        && services.GetService<IAuthenticationSchemeProvider>() is { } schemes
        && (await schemes.GetSchemeAsync(scheme).ConfigureAwait(false))?.HandlerType is { } handler
        && typeof(AuthenticationHandler<SessionAuthenticationOptions>).IsAssignableFrom(handler)
            ? schemeOptions.Get(scheme).SessionName
            : null;

    private async Task<bool> IsAlive(ClaimsIdentity identity, string name)
    {
        try
        {
            if (await sessions.FindOwnerAsync(name).ConfigureAwait(false) is not { } owner)
            {
                return false;
            }

            return _owners.GetOrAdd(identity, owner) == owner;
        }
        catch (SessionStoreException e)
        {
            // Nobody becomes anonymous because a store does not answer (promise 14).
            NotChecked(_log, name, e);
            return true;
        }
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "The session \"{Session}\" of a circuit's user could not be checked. The user stays; the next check follows.",
        EventName = "NotChecked")]
    private static partial void NotChecked(ILogger log, string session, Exception e);
}
