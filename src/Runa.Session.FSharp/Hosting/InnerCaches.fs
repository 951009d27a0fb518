namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.OutputCaching
open Microsoft.AspNetCore.ResponseCaching
open Microsoft.Extensions.Options

// Promise 20, for caches that come after the session in the pipeline: they decide after the session was looked at, and
// before OnStarting.

/// A base policy of output caching, which calls base policies and then those of the endpoint, before and after the
/// handler.
[<Sealed>]
type internal SessionCachePolicy() =
    static let varyBy = "Runa.Session"

    /// Whether any context of the request looked at a session: all of them share the response.
    static let asked (context: OutputCacheContext) = RequestSessions.AreLookedAt context.HttpContext

    interface IOutputCachePolicy with
        /// Turns caching off if a session was looked at already, outside the cache. An endpoint's policy may turn it on
        /// again, so the key is also made unique: nothing is found under it, and no other request waits for it.
        member _.CacheRequestAsync(context: OutputCacheContext, _: CancellationToken) : ValueTask =
            if asked context then
                context.EnableOutputCaching <- false
                context.AllowCacheLookup <- false
                context.AllowCacheStorage <- false
                context.CacheVaryByRules.VaryByValues[varyBy] <- Guid.NewGuid().ToString "N"

            ValueTask.CompletedTask

        member _.ServeFromCacheAsync(_: OutputCacheContext, _: CancellationToken) : ValueTask = ValueTask.CompletedTask

        /// If the response has no body, this runs before OnStarting.
        member _.ServeResponseAsync(context: OutputCacheContext, _: CancellationToken) : ValueTask =
            if asked context then
                context.AllowCacheStorage <- false

            ValueTask.CompletedTask

/// Adds the policy after the application's own, so that none of its base policies decides later. The middleware of
/// output caching reads these options when it is built: before the first request, and only if it is used.
[<Sealed>]
type internal SessionCachePolicySetup(host: SessionHost) =
    interface IPostConfigureOptions<OutputCacheOptions> with
        member _.PostConfigure(_: string | null, options: OutputCacheOptions) =
            host.MeetsOutputCaching <- true
            options.AddBasePolicy(SessionCachePolicy())

/// Finds out whether the application uses response caching. It registers no service to look for, but its middleware
/// reads these options when it is built, as above.
[<Sealed>]
type internal ResponseCachingWatch(host: SessionHost) =
    interface IPostConfigureOptions<ResponseCachingOptions> with
        member _.PostConfigure(_: string | null, _: ResponseCachingOptions) = host.MeetsResponseCaching <- true
