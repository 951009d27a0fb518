/// A store in which records cannot be read: as a driver reports damage, or a format that is newer than this version.
module internal Runa.Session.Tests.Damage

open System.Collections.Concurrent
open System.IO
open System.Threading.Tasks
open Runa.Session

type DamagedStore(inner: SessionDriver) =
    let damaged = ConcurrentDictionary<StoreKey, bool>()

    let raised () : ValueTask<'T> =
        ValueTask<'T>(Task.FromException<'T>(InvalidDataException "This is no session record: bad JSON."))

    let isDamaged key = damaged.ContainsKey key

    let listed (page: OwnedPage) : OwnedPage =
        let unreadable, items = page.Items |> List.partition (fun item -> isDamaged item.Key)
        { page with Items = items; Unreadable = unreadable |> List.map _.Key }

    let driver =
        { inner with
            Load = fun key token -> if isDamaged key then raised () else inner.Load key token
            Replace =
                fun key version record token ->
                    if isDamaged key then raised () else inner.Replace key version record token
            Delete =
                fun key token ->
                    match damaged.TryRemove key with
                    | true, _ ->
                        ValueTask<SessionRecord voption>(
                            task {
                                let! _ = inner.Delete key token
                                return! raised ()
                            }
                        )
                    | _ -> inner.Delete key token
            DeleteMany =
                fun keys token ->
                    let unread = keys |> List.filter (fun key -> fst (damaged.TryRemove key))

                    ValueTask<DeletedRecord list>(
                        task {
                            let! deleted = inner.DeleteMany keys token

                            return
                                [ for one in deleted ->
                                      if List.contains one.Key unread then { one with Record = ValueNone } else one ]
                        }
                    )
            Owners =
                inner.Owners
                |> ValueOption.map (fun index ->
                    { index with
                        List =
                            fun scope owner from token ->
                                ValueTask<OwnedPage>(
                                    task {
                                        let! page = index.List scope owner from token
                                        return listed page
                                    }
                                ) }) }

    /// From now on what stands there cannot be read.
    member _.Damage(key: StoreKey) = damaged[key] <- true
    member _.Driver = driver
