namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.OutputCaching
open Microsoft.AspNetCore.ResponseCaching
open Microsoft.Extensions.Options

// Promise 20 for caches behind the session in the pipeline: they decide after the session was asked for, and before
// OnStarting.

/// Output caching asks its base policies, then those of the endpoint, before the handler runs and when it has ended.
[<Sealed>]
type internal SessionCachePolicy() =
    static let varyBy = "Runa.Session"

    /// Whichever context of the request asked: they share its response.
    static let asked (context: OutputCacheContext) = RequestSessions.AreLookedAt context.HttpContext

    interface IOutputCachePolicy with
        /// What was asked for by now is around the cache. An endpoint's policy may turn caching on again: under a key that
        /// no other request has, there is nothing to be found, and nothing to be waited for.
        member _.CacheRequestAsync(context: OutputCacheContext, _: CancellationToken) : ValueTask =
            if asked context then
                context.EnableOutputCaching <- false
                context.AllowCacheLookup <- false
                context.AllowCacheStorage <- false
                context.CacheVaryByRules.VaryByValues[varyBy] <- Guid.NewGuid().ToString "N"

            ValueTask.CompletedTask

        member _.ServeFromCacheAsync(_: OutputCacheContext, _: CancellationToken) : ValueTask = ValueTask.CompletedTask

        /// Where nothing was written, this comes before OnStarting.
        member _.ServeResponseAsync(context: OutputCacheContext, _: CancellationToken) : ValueTask =
            if asked context then
                context.AllowCacheStorage <- false

            ValueTask.CompletedTask

/// After the application's own, so that none of its base policies decides later.
[<Sealed>]
type internal SessionCachePolicySetup() =
    interface IPostConfigureOptions<OutputCacheOptions> with
        member _.PostConfigure(_: string | null, options: OutputCacheOptions) =
            options.AddBasePolicy(SessionCachePolicy())

/// Response caching registers nothing that could be found, and its middleware reads these options when it is built: before
/// the first request, and only where it is used.
[<Sealed>]
type internal ResponseCachingWatch(registry: SessionRegistry) =
    interface IPostConfigureOptions<ResponseCachingOptions> with
        member _.PostConfigure(_: string | null, _: ResponseCachingOptions) = registry.MeetsResponseCaching <- true
