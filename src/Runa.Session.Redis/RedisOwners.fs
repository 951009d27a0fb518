namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Lists an owner's records by the index, a sorted set of store keys.
[<Sealed>]
type internal RedisOwners(store: RedisStore, search: RedisSearch, eviction: RedisEviction) =
    let pageSize = 100

    /// The next members after a place, at most one more than a page. Reads from the place's score on, more and more if
    /// needed. An offset would skip a live entry if an earlier one was removed.
    let rec after
        (owners: RedisKey)
        (place: OwnerPlace)
        (take: int)
        (token: CancellationToken)
        : Task<OwnerPlace list> =
        task {
            token.ThrowIfCancellationRequested()

            let! entries =
                RedisErrors.readTwice (fun () ->
                    store.Database
                        .SortedSetRangeByScoreWithScoresAsync(
                            owners,
                            place.Score,
                            take = int64 take,
                            flags = CommandFlags.DemandMaster
                        )
                        .WaitAsync
                        token)

            let found =
                [ for entry in entries do
                      let here = { Score = entry.Score; Member = string entry.Element }

                      if place.IsBefore here then
                          here ]

            if found.Length <= pageSize && entries.Length = take then
                return! after owners place (take * 2) token
            else
                return List.truncate (pageSize + 1) found
        }

    let load (token: CancellationToken) (key: StoreKey) =
        task {
            let! found = store.Find key token
            return struct (key, found)
        }

    let pageOf scope owner (found: OwnerPlace list) (token: CancellationToken) : Task<OwnedPage> =
        task {
            let page = List.truncate pageSize found
            let! loaded = page |> List.choose (_.Member >> StoreKey.ofText) |> List.map (load token) |> Task.WhenAll
            let next = if found.Length > pageSize then List.tryLast page |> Option.map _.Text else None
            return RedisPages.page scope owner true loaded next
        }

    let first scope owner (token: CancellationToken) : Task<OwnedPage> =
        task {
            // Asked each time, in parallel with the index: the policy may have changed.
            let asking = eviction.Ask token

            let! found =
                task {
                    try
                        let! found = after (store.Keys.Owner(scope, owner)) OwnerPlace.First (pageSize + 1) token
                        return ValueSome found
                    with error when RedisErrors.isWrongType error ->
                        return ValueNone
                }

            let! mayEvict = asking

            match found with
            | ValueSome found when not mayEvict -> return! pageOf scope owner found token
            | _ -> return! search.List scope owner ScanPlace.First token
        }

    /// Lists an owner's records. A record is listed as long as Redis keeps it, which is longer than it lives by any
    /// node's clock (promise 28).
    member _.List (scope: string) (owner: string) (from: string option) (token: CancellationToken) : Task<OwnedPage> =
        match from with
        | None -> first scope owner token
        | Some place when ScanPlace.IsOne place -> search.List scope owner (ScanPlace.Parse place) token
        | Some place ->
            task {
                let! found = after (store.Keys.Owner(scope, owner)) (OwnerPlace.Parse place) (pageSize + 1) token

                return! pageOf scope owner found token
            }
