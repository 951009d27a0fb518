using Microsoft.FSharp.Collections;

namespace Runa;

public sealed partial class RunaSessions
{
    /// <summary>
    /// Asks all drivers that sessions use, at once, whether their stores answer, and logs those that do not. A driver that
    /// still owes an earlier answer is not asked again.
    /// </summary>
    /// <param name="timeout">How long each driver may take: more than zero, at most one day.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is not positive, or longer than one day.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<IReadOnlyList<SessionDriverHealth>> PingAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, TimeSpan.FromDays(1));
        Task<FSharpList<SessionDriverHealth>> asking;

        using (WithoutContext.Enter())
        {
            asking = SessionRegistryModule.ping(timeout, cancellationToken, _registry);
        }

        return [.. await asking.ConfigureAwait(false)];
    }
}
