namespace Runa.Session

open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Counts the live sessions of a scope, by looking at all records: Redis has no list of them.
[<Sealed>]
type internal RedisCounting(store: RedisStore, servers: RedisServers) =
    static let none: SessionCount = { Sessions = 0L; SignedIn = 0L }

    let add (a: SessionCount) (b: SessionCount) : SessionCount =
        { Sessions = a.Sessions + b.Sessions; SignedIn = a.SignedIn + b.SignedIn }

    let one (scope: string) (found: RedisFound) : SessionCount =
        match found with
        | RedisFound.Record record when
            record.Scope = scope
            && not (SessionRecord.isTombstone record)
            && not (SessionRecord.isExpired store.Now record)
            ->
            { Sessions = 1L; SignedIn = if record.State.Owner.IsSome then 1L else 0L }
        | _ -> none

    let ofScope (scope: string) (keys: StoreKey list) (token: CancellationToken) : Task<SessionCount> =
        task {
            let! whose = servers.Whose(keys, token)

            let mine =
                [ for struct (key, whose) in whose do
                      match whose with
                      | ValueSome whose when whose.Scope = scope -> key
                      | _ -> () ]

            let! found = mine |> List.map (fun key -> store.Find key token) |> Task.WhenAll
            return found |> Array.fold (fun sum found -> add sum (one scope found)) none
        }

    /// A scan may show a key more than once.
    let onServer (scope: string) (token: CancellationToken) (server: IServer) : Task<SessionCount> =
        task {
            let seen = System.Collections.Generic.HashSet<StoreKey>()
            let mutable sum = none
            let mutable cursor = ""

            while cursor <> "0" do
                let! struct (next, keys) = servers.Scan(server, (if cursor = "" then "0" else cursor), token)
                let! more = ofScope scope (List.filter seen.Add keys) token
                sum <- add sum more
                cursor <- next

            return sum
        }

    member _.Count (scope: string) (token: CancellationToken) : Task<SessionCount> =
        task {
            let! counts = servers.Primaries() |> List.map (onServer scope token) |> Task.WhenAll
            return Array.fold add none counts
        }
