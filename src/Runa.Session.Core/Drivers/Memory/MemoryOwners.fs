namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Diagnostics
open System.Threading

/// The latest revocation: its number, and its time by the monotonic clock.
[<Struct>]
type private Advanced = { Number: int64; At: int64 }

/// The store keys and the latest revocation of one owner.
[<Sealed; AllowNullLiteral>]
type private OwnerEntry() =
    static let order =
        Comparer<StoreKey>.Create(fun a b ->
            match a.High.CompareTo b.High with
            | 0 -> a.Low.CompareTo b.Low
            | order -> order)

    member val Keys = SortedSet<StoreKey>(order)
    member val Advanced: Advanced = { Number = 0L; At = 0L } with get, set
    /// A timestamp of the application's TimeProvider, which tests move.
    member val KeptFrom = 0L with get, set
    /// Whether the entry is out of the index. Whoever still holds it must look the owner up again.
    member val IsRetired = false with get, set

/// The owner index of the memory driver. A key is removed with its record; one that is left over does no harm.
[<Sealed>]
type internal MemoryOwners(clock: TimeProvider) =
    // No sign-in takes this long, so an owner without sessions is forgotten after it.
    let epochLife = TimeSpan.FromMinutes 10.
    let owners = ConcurrentDictionary<struct (string * string), OwnerEntry>()
    let scopes = ConcurrentDictionary<string, Advanced>()
    // Numbers are stored in the order in which they are taken, so the larger of two is the later one.
    let advancing = Lock()
    let mutable epochs = 0L

    let lastKey = StoreKey(UInt64.MaxValue, UInt64.MaxValue)
    let never: Advanced = { Number = 0L; At = 0L }
    let advanced () : Advanced = { Number = Interlocked.Increment &epochs; At = Stopwatch.GetTimestamp() }

    let rec change scope owner (action: OwnerEntry -> unit) =
        let entry = owners.GetOrAdd(struct (scope, owner), (fun _ -> OwnerEntry()))

        let isDone =
            lock entry (fun () ->
                if not entry.IsRetired then
                    action entry

                not entry.IsRetired)

        if not isDone then
            change scope owner action

    let isKept (entry: OwnerEntry) = entry.Advanced.Number > 0L && clock.GetElapsedTime entry.KeptFrom < epochLife

    let retire (id: struct (string * string)) (entry: OwnerEntry) =
        if entry.Keys.Count = 0 && not (isKept entry) then
            entry.IsRetired <- true
            owners.TryRemove id |> ignore

    let read scope owner (otherwise: 'T) (reading: OwnerEntry -> 'T) =
        match owners.TryGetValue(struct (scope, owner)) with
        | true, entry -> lock entry (fun () -> reading entry)
        | _ -> otherwise

    member _.Add(scope: string, owner: string, key: StoreKey) =
        change scope owner (fun entry -> entry.Keys.Add key |> ignore)

    member _.Remove(scope: string, owner: string, key: StoreKey) =
        match owners.TryGetValue(struct (scope, owner)) with
        | true, entry ->
            lock entry (fun () ->
                entry.Keys.Remove key |> ignore
                retire (struct (scope, owner)) entry)
        | _ -> ()

    /// At most `most` keys after `after`, in the order of their bytes, and whether there are more. The time depends on
    /// the page, not on the number of the owner's keys.
    member _.Page(scope: string, owner: string, after: StoreKey voption, most: int) : struct (StoreKey[] * bool) =
        read scope owner (struct ([||], false)) (fun entry ->
            let rest: seq<StoreKey> =
                match after with
                | ValueNone -> entry.Keys
                | ValueSome after ->
                    // The view includes both ends.
                    entry.Keys.GetViewBetween(after, lastKey) |> Seq.filter (fun key -> key <> after)

            let keys = rest |> Seq.truncate (most + 1) |> Array.ofSeq
            struct (Array.truncate most keys, keys.Length > most))

    /// The latest revocation of the owner or of the whole scope.
    member _.Epoch(scope: string, owner: string) : OwnerEpoch =
        let ofScope =
            match scopes.TryGetValue scope with
            | true, advanced -> advanced
            | _ -> never

        let ofOwner = read scope owner never _.Advanced
        let number = max ofScope.Number ofOwner.Number

        { Number = number
          Age =
            if number = 0L then
                TimeSpan.MaxValue
            else
                Stopwatch.GetElapsedTime(max ofScope.At ofOwner.At) }

    member _.Advance(scope: string, owner: string) =
        lock advancing (fun () ->
            change scope owner (fun entry ->
                entry.Advanced <- advanced ()
                entry.KeptFrom <- clock.GetTimestamp()))

    member _.AdvanceAll(scope: string) = lock advancing (fun () -> scopes[scope] <- advanced ())

    /// Forgets owners who have had no session for some time.
    member _.Trim() =
        for KeyValue(id, entry) in owners do
            lock entry (fun () -> retire id entry)
