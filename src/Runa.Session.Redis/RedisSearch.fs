namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Lists an owner's records without the index, which a server that evicts may have removed. Looks at all records: slow
/// but complete.
[<Sealed>]
type internal RedisSearch(store: RedisStore, servers: RedisServers) =
    let pageSize = 100
    // A page ends after this time, even if it is empty, since the caller's time limit is for one page.
    let patience = TimeSpan.FromMilliseconds 500.

    let name (server: IServer) = string server.EndPoint

    /// The server of the place, and those after it.
    let from (place: ScanPlace) : IServer list =
        let all = servers.Primaries() |> List.sortBy name

        if place.Server = "" then
            all
        else
            match all |> List.skipWhile (fun server -> name server <> place.Server) with
            | [] ->
                raise (
                    ArgumentException(
                        "The Redis server at which this listing was is not a primary, or no longer. Begin the listing again.",
                        "from"
                    )
                )
            | rest -> rest

    /// The keys of records whose heads say that they are the owner's.
    let owned (scope: string) (owner: string) (keys: StoreKey list) (token: CancellationToken) =
        task {
            let! found = servers.Whose(keys, token)

            return
                [ for struct (key, whose) in found do
                      match whose with
                      | ValueSome whose when whose.Scope = scope && whose.Owner = owner -> key
                      | _ -> () ]
        }

    let load (token: CancellationToken) (key: StoreKey) =
        task {
            let! found = store.Find key token
            return struct (key, found)
        }

    /// Searches until a page is full, the search is over, or the time is up. It finds every record that exists from the
    /// beginning to the end of the search; a sign-in that creates one meanwhile loses by its epoch.
    let rec collect scope owner (began: int64) (place: ScanPlace) (left: IServer list) token : Task<ScanPlace> =
        task {
            match left with
            | _ when place.Found.Length >= pageSize || Stopwatch.GetElapsedTime began > patience -> return place
            | [] -> return { place with Cursor = "end" }
            | server :: others ->
                let! struct (next, keys) = servers.Scan(server, place.Cursor, token)
                let! mine = owned scope owner keys token
                let found = place.Found @ mine

                match next, others with
                | "0", [] -> return! collect scope owner began { place with Cursor = "end"; Found = found } [] token
                | "0", following :: _ ->
                    let place = { Server = name following; Cursor = "0"; Found = found }

                    return! collect scope owner began place others token
                | cursor, _ ->
                    let place = { Server = name server; Cursor = cursor; Found = found }

                    return! collect scope owner began place left token
        }

    member _.List (scope: string) (owner: string) (from': ScanPlace) (token: CancellationToken) : Task<OwnedPage> =
        task {
            let left = if from'.Cursor = "end" then [] else from from'
            let! place = collect scope owner (Stopwatch.GetTimestamp()) from' left token
            let page = List.truncate pageSize place.Found
            let rest = List.skip page.Length place.Found
            let! loaded = page |> List.map (load token) |> Task.WhenAll
            let isLast = rest.IsEmpty && place.Cursor = "end"
            let next = if isLast then None else Some { place with Found = rest }.Text
            return RedisPages.page scope owner false loaded next
        }
