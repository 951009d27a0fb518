namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Threading

/// The store keys of one owner.
[<Sealed; AllowNullLiteral>]
type private OwnerEntry() =
    member val Keys = HashSet<StoreKey>()
    member val Epoch = 0L with get, set
    member val AdvancedAt = DateTimeOffset.MinValue with get, set
    /// Taken out of the index; whoever got hold of it looks again.
    member val IsRetired = false with get, set

/// The owner index of the memory driver. Keys of records that are gone do no harm; they are removed with the record.
[<Sealed>]
type internal MemoryOwners(clock: TimeProvider) =
    // A sign-in is never under way for this long, so an owner without sessions is forgotten after it.
    let epochLife = TimeSpan.FromMinutes 10.
    let owners = ConcurrentDictionary<struct (string * string), OwnerEntry>()
    let scopes = ConcurrentDictionary<string, int64>()
    let mutable epochs = 0L

    let rec change scope owner (action: OwnerEntry -> unit) =
        let entry = owners.GetOrAdd(struct (scope, owner), (fun _ -> OwnerEntry()))

        let isDone =
            lock entry (fun () ->
                if not entry.IsRetired then
                    action entry

                not entry.IsRetired)

        if not isDone then
            change scope owner action

    let retire (id: struct (string * string)) (entry: OwnerEntry) =
        if entry.Keys.Count = 0 && entry.AdvancedAt + epochLife <= clock.GetUtcNow() then
            entry.IsRetired <- true
            owners.TryRemove id |> ignore

    member _.Add(scope: string, owner: string, key: StoreKey) =
        change scope owner (fun entry -> entry.Keys.Add key |> ignore)

    member _.Remove(scope: string, owner: string, key: StoreKey) =
        match owners.TryGetValue(struct (scope, owner)) with
        | true, entry ->
            lock entry (fun () ->
                entry.Keys.Remove key |> ignore
                retire (struct (scope, owner)) entry)
        | _ -> ()

    member _.Keys(scope: string, owner: string) : StoreKey list =
        match owners.TryGetValue(struct (scope, owner)) with
        | true, entry -> lock entry (fun () -> List.ofSeq entry.Keys)
        | _ -> []

    member _.Epoch(scope: string, owner: string) : int64 =
        let ofScope =
            match scopes.TryGetValue scope with
            | true, epoch -> epoch
            | _ -> 0L

        match owners.TryGetValue(struct (scope, owner)) with
        | true, entry -> max ofScope (lock entry (fun () -> entry.Epoch))
        | _ -> ofScope

    member _.Advance(scope: string, owner: string) =
        let epoch = Interlocked.Increment &epochs

        change scope owner (fun entry ->
            entry.Epoch <- max entry.Epoch epoch
            entry.AdvancedAt <- clock.GetUtcNow())

    member _.AdvanceAll(scope: string) =
        let epoch = Interlocked.Increment &epochs
        scopes.AddOrUpdate(scope, epoch, (fun _ before -> max before epoch)) |> ignore

    /// Forgets owners who have had no session for a while.
    member _.Trim() =
        for KeyValue(id, entry) in owners do
            lock entry (fun () -> retire id entry)
