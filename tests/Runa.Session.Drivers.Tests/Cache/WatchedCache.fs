/// A cache in memory that tests look into, hold up and break.
module internal Runa.Session.Tests.WatchedCaches

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Caching.Distributed
open Microsoft.Extensions.Caching.Memory
open Microsoft.Extensions.Options

[<RequireQualifiedAccess>]
type CacheCall =
    | Get
    | Set
    | Remove

/// What the broken cache raises.
type CacheDown() =
    inherit Exception("The cache is down.")

let memoryCache () : IDistributedCache = new MemoryDistributedCache(Options.Create(MemoryDistributedCacheOptions()))

/// Every call first gives way to others, so that those that overlap do.
[<Sealed>]
type WatchedCache() =
    let inner = memoryCache ()
    let lifetimes = ConcurrentQueue<TimeSpan>()
    let calls = ConcurrentQueue<CacheCall * string>()

    let around
        (this: WatchedCache)
        (call: CacheCall)
        (key: string)
        (token: CancellationToken)
        (work: unit -> Task<'T>)
        =
        task {
            do! Task.Yield()
            token.ThrowIfCancellationRequested()
            calls.Enqueue(call, key)
            do! this.Before(call, token)
            return! work ()
        }

    /// What happens before each call. Default: nothing.
    member val Before: CacheCall * CancellationToken -> Task = (fun _ -> Task.CompletedTask) with get, set

    /// The relative expiries it was given, oldest first.
    member _.Lifetimes = List.ofSeq lifetimes

    /// What it was asked, oldest first.
    member _.Calls = List.ofSeq calls

    /// As it stands, past what is watched.
    member _.Inner = inner

    interface IDistributedCache with
        member _.Get key = inner.Get key
        member _.Set(key, value, options) = inner.Set(key, value, options)
        member _.Refresh key = inner.Refresh key
        member _.RefreshAsync(key, token) = inner.RefreshAsync(key, token)
        member _.Remove key = inner.Remove key

        member this.GetAsync(key, token) = around this CacheCall.Get key token (fun () -> inner.GetAsync(key, token))

        member this.SetAsync(key, value, options, token) =
            around this CacheCall.Set key token (fun () ->
                task {
                    Option.ofNullable options.AbsoluteExpirationRelativeToNow |> Option.iter lifetimes.Enqueue
                    do! inner.SetAsync(key, value, options, token)
                })

        member this.RemoveAsync(key, token) =
            around this CacheCall.Remove key token (fun () -> task { do! inner.RemoveAsync(key, token) })
