namespace Runa.Session

open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// Loads the stored session of a Cookie header.
module internal StoreLoad =
    /// Orders sessions that are not active. A tombstone comes first, so that a logout follows it.
    let private rank (snapshot: Snapshot) =
        match snapshot.Remains with
        | Remains.Moved -> 2
        | Remains.Ended
        | Remains.Unreadable -> 1
        | Remains.None -> 0

    /// Tries the next genuine tokens if the first one's session is not active. After cookie_path or cookie_domain was
    /// changed, a browser can send an old cookie before the current one.
    let private searchOn (definition: SessionDefinition) (walk: CookieWalk) (tried: int) (first: Snapshot) next =
        task {
            let mutable best = first
            let mutable walk = walk
            let mutable tried = tried
            let mutable next: Place voption = next

            while next.IsSome do
                if next.Value.Key = first.Place.Key then
                    next <- ValueNone
                else
                    let! found = StoredRecord.load definition next.Value
                    next <- ValueNone

                    if found.IsActive then
                        best <- found
                        tried <- CookieWalk.MostCandidates
                    elif rank found > rank best then
                        best <- found

                let mutable sawForeign = false
                next <- TokenSearch.tryNext (definition, &walk, &tried, &sawForeign)

            return best.LookedAt first.Since
        }

    let private orNext (definition: SessionDefinition) (walk: CookieWalk) (tried: int) (first: Snapshot) =
        if first.IsActive then
            ValueTask<Snapshot> first
        else
            let mutable walk = walk
            let mutable tried = tried
            let mutable sawForeign = false

            match TokenSearch.tryNext (definition, &walk, &tried, &sawForeign) with
            | ValueNone -> ValueTask<Snapshot> first
            | next -> ValueTask<Snapshot>(searchOn definition walk tried first next)

    let inline private ask (definition: SessionDefinition) (walk: CookieWalk) (tried: int) (place: Place) =
        StoredRecord.loadThen definition place (fun found -> orNext definition walk tried found)

    /// Asks the store, and tells those who listen.
    let private watched (definition: SessionDefinition) (walk: CookieWalk) (tried: int) (place: Place) =
        let telemetry = definition.Telemetry
        let watched = telemetry.Load()

        Watching.run
            watched
            (fun () -> ask definition walk tried place)
            (fun snapshot -> telemetry.LoadEnded(watched, snapshot.Found))
            (fun e -> telemetry.LoadFailed(watched, e))

    let load (definition: SessionDefinition) (header: StringValues) : ValueTask<Snapshot> =
        let mutable walk = CookieWalk(header, definition.Settings.CookieName)
        let mutable tried = 0
        let mutable sawForeign = false

        match TokenSearch.tryNext (definition, &walk, &tried, &sawForeign) with
        | ValueNone ->
            if sawForeign then
                ForeignTokens.count definition
                ForeignTokens.hint definition

            ValueTask<Snapshot>(Snapshot.none definition)
        | ValueSome place ->
            if sawForeign then
                ForeignTokens.count definition

            if definition.Telemetry.WatchesLoads then
                watched definition walk tried place
            else
                ask definition walk tried place
