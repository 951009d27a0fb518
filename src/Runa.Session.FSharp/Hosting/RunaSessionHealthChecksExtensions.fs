namespace Microsoft.Extensions.DependencyInjection

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Microsoft.Extensions.Diagnostics.HealthChecks
open Runa.Session

/// Health checks of sessions.
[<Extension; AbstractClass; Sealed>]
type RunaSessionHealthChecksExtensions =
    static member private Longest = TimeSpan.FromDays 1.

    /// Adds a check that asks each driver of sessions whether its store answers, all at once. Unhealthy: no store answers.
    /// Degraded: one of several does not, or one takes more than half of the time limit. The data of the result hold a
    /// SessionDriverHealth for each driver, under its name. It also needs services.AddRunaSession. The name is that of
    /// the check, "runa-session" by default. The status for Unhealthy can be another. The time limit, 2 seconds by
    /// default, is that of each driver. Raises ArgumentOutOfRangeException for a limit of zero or less, or of more than
    /// one day.
    [<Extension>]
    static member AddRunaSession
        (
            builder: IHealthChecksBuilder,
            [<Optional; DefaultParameterValue("runa-session")>] name: string,
            [<Optional>] failureStatus: Nullable<HealthStatus>,
            [<Optional; DefaultParameterValue(null: string seq | null)>] tags: string seq | null,
            [<Optional>] timeout: Nullable<TimeSpan>
        ) : IHealthChecksBuilder =
        ArgumentNullException.ThrowIfNull builder
        ArgumentException.ThrowIfNullOrEmpty name
        let limit = if timeout.HasValue then timeout.Value else TimeSpan.FromSeconds 2.

        if limit <= TimeSpan.Zero || limit > RunaSessionHealthChecksExtensions.Longest then
            raise (
                ArgumentOutOfRangeException(
                    nameof timeout,
                    limit,
                    "The time limit of a health check must be more than zero, and one day at most."
                )
            )

        let make (services: IServiceProvider) : IHealthCheck =
            match services.GetService<SessionRegistry>() with
            | null -> raise (InvalidOperationException "Sessions are not configured: call services.AddRunaSession(…).")
            | registry -> SessionHealthCheck(registry, limit)

        builder.Add(HealthCheckRegistration(name, make, failureStatus, tags))
