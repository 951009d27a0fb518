namespace Runa.Session

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Diagnostics.HealthChecks
open Runa

/// Decides how healthy the drivers are together. Pure.
module internal Health =
    let private names (drivers: SessionDriverHealth list) = String.Join("; ", drivers |> List.map string)

    /// What to report, and the words for it. `failure`: the status of an application whose sessions have no store. A store
    /// that answers leaves some of the sessions; a driver of this process always answers, so it does not count as one.
    let judge (failure: HealthStatus) (drivers: SessionDriverHealth list) : struct (HealthStatus * string) =
        let down = drivers |> List.filter (fun driver -> not driver.IsUp)
        let slow = drivers |> List.filter _.IsSlow

        if not down.IsEmpty then
            let isPartial = drivers |> List.exists (fun driver -> driver.IsUp && driver.IsStore)
            // A status that is set to be milder than Degraded stays.
            let status = if isPartial then max HealthStatus.Degraded failure else failure
            struct (status, names (down @ slow))
        elif not slow.IsEmpty then
            struct (HealthStatus.Degraded, names slow)
        else
            struct (HealthStatus.Healthy, "all drivers of sessions answer")

/// The health check of sessions: a ping of each driver.
[<Sealed>]
type internal SessionHealthCheck(registry: SessionRegistry, limit: TimeSpan) =
    interface IHealthCheck with
        member _.CheckHealthAsync(context: HealthCheckContext, token: CancellationToken) =
            task {
                let! drivers = SessionRegistry.ping limit token registry
                let struct (status, words) = Health.judge context.Registration.FailureStatus drivers
                let data = Dictionary<string, obj>()

                for driver in drivers do
                    data[driver.Driver] <- driver

                return HealthCheckResult(status, words, null, data)
            }
