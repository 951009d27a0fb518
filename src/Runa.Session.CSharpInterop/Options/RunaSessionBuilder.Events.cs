using Microsoft.FSharp.Core;

namespace Runa;

public sealed partial class RunaSessionBuilder
{
    /// <summary>
    /// Adds a function that hears what happens to sessions, after the fact: one event after another, outside the requests.
    /// An exception is logged, and events that come too quickly are dropped and counted. A class that implements
    /// <see cref="ISessionEvents"/> is registered with the services instead, as a singleton.
    /// </summary>
    /// <param name="listener">
    /// Its token is cancelled when the application has stopped and does not wait any longer.
    /// </param>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    public RunaSessionBuilder AddEvents(Func<SessionEvent, CancellationToken, ValueTask> listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        return Change(setup => SessionSetupModule.events(FuncConvert.FromFunc(listener), setup));
    }

    /// <summary>
    /// Writes all events to the log category <c>Runa.Session.Audit</c>. Owners are shown as a hash under the first secret.
    /// </summary>
    /// <param name="showOwners">Whether owners are shown in clear.</param>
    public RunaSessionBuilder AddAuditLog(bool showOwners = false) =>
        Change(setup => SessionSetupModule.auditLog(showOwners, setup));
}
