namespace Runa.Session

open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// Loads the session that a Cookie header leads to.
module internal SessionLoad =
    let private hintForeign (session: NamedSession) =
        if session.IsDevelopment && session.Hints.TryGive "foreign" then
            Log.foreignToken session.Log session.Settings.CookieName session.Name

    let private loadAt (session: NamedSession) (place: StorePlace) : ValueTask<Loaded> =
        let found = StoreCall.load session place

        if found.IsCompletedSuccessfully then
            ValueTask<Loaded>(Loaded.ofFound session place found.Result)
        else
            ValueTask<Loaded>(
                task {
                    let! found = found
                    return Loaded.ofFound session place found
                }
            )

    /// Which of several sessions that are not active a request goes by: first the one that moved, for a logout to follow.
    let private rank (loaded: Loaded) =
        match loaded.Remains with
        | Remains.Moved -> 2
        | Remains.Ended
        | Remains.Unreadable -> 1
        | Remains.None -> 0

    /// A browser can send an old cookie before the one that counts, after cookie_path or cookie_domain was changed. Where
    /// the first one's session is not active, the next genuine ones are asked for.
    let private searchOn (session: NamedSession) (header: StringValues) (tried: int) (first: Loaded) : Task<Loaded> =
        task {
            let mutable best = first
            let mutable tried = tried
            let mutable isDone = false

            while not isDone do
                let mutable sawForeign = false

                match TokenSearch.tryNext (session, header, &tried, &sawForeign) with
                | ValueNone -> isDone <- true
                | ValueSome place when place.Key = first.Place.Key -> ()
                | ValueSome place ->
                    let! next = loadAt session place

                    if next.Status = SessionStatus.Active then
                        best <- next
                        isDone <- true
                    elif rank next > rank best then
                        best <- next

            best.LookBackTo first.Since
            return best
        }

    let private orNext (session: NamedSession) (header: StringValues) (tried: int) (first: Loaded) : ValueTask<Loaded> =
        if first.Status = SessionStatus.Active then
            ValueTask<Loaded> first
        else
            let mutable sawForeign = false
            let mutable next = tried

            match TokenSearch.tryNext (session, header, &next, &sawForeign) with
            | ValueNone -> ValueTask<Loaded> first
            | ValueSome _ -> ValueTask<Loaded>(searchOn session header tried first)

    let private loadStored (session: NamedSession) (header: StringValues) : ValueTask<Loaded> =
        let mutable sawForeign = false
        let mutable tried = 0

        match TokenSearch.tryNext (session, header, &tried, &sawForeign) with
        | ValueNone ->
            if sawForeign then
                hintForeign session

            ValueTask<Loaded>(Loaded.none session)
        | ValueSome place ->
            let first = loadAt session place

            if first.IsCompletedSuccessfully then
                orNext session header tried first.Result
            else
                let tried = tried

                ValueTask<Loaded>(
                    task {
                        let! first = first
                        return! orNext session header tried first
                    }
                )

    /// From the raw Cookie header; without a genuine token the store is not asked.
    let load (session: NamedSession) (header: StringValues) : ValueTask<Loaded> =
        match session.Seal with
        | ValueNone -> loadStored session header
        | ValueSome seal ->
            let mutable sawForeign = false
            let loaded = CookieLifecycle.load (session, seal, header, &sawForeign)

            if sawForeign && loaded.Status = SessionStatus.New then
                hintForeign session

            ValueTask<Loaded> loaded
