namespace Runa.Session

open System.Threading

/// The records of a shard that are also kept unpacked: those that were loaded lately, at most 64. They are found without
/// a lock, and changed under the shard's. What is here is what the shard holds, so it may be forgotten at any time.
///
/// All shards together keep 16,384, about 10 MB. On a busy server fewer other visitors come between two requests of one
/// visitor, so most records are found unpacked. To unpack another takes a part of a request's time.
[<Sealed>]
type internal MemoryHot(budget: MemoryBudget) =
    static let ways = 4
    static let sets = 16

    let mutable slots: (HotRecord | null)[] = [||]

    let first (key: StoreKey) = ways * (int (key.Low >>> 32) &&& (sets - 1))
    let isOf (key: StoreKey) (hot: HotRecord) = hot.Key.Low = key.Low && hot.Key.High = key.High

    let clear (slot: int) =
        match slots[slot] with
        | null -> ()
        | hot ->
            Volatile.Write(&slots[slot], null)
            budget.Give hot.Bytes

    /// Frees a slot for the key: the first of an unpacked record that was not used lately.
    let makeSlot (key: StoreKey) : int =
        let first = first key
        let mutable found = -1

        for slot in first .. first + ways - 1 do
            if found < 0 && isNull slots[slot] then
                found <- slot

        for slot in first .. first + ways - 1 do
            match slots[slot] with
            | null -> ()
            | _ when found >= 0 -> ()
            | hot when hot.IsUsed -> hot.IsUsed <- false
            | _ ->
                clear slot
                found <- slot

        if found < 0 then
            clear first
            first
        else
            found

    let cool () =
        for slot in 0 .. slots.Length - 1 do
            match slots[slot] with
            | null -> ()
            | hot -> if hot.IsUsed then hot.IsUsed <- false else clear slot

    static member Most = ways * sets

    /// Without the lock. Who finds a record also sees the entry that was made before it.
    member _.TryFind(key: StoreKey) : HotRecord | null =
        let slots = Volatile.Read &slots
        let mutable found: HotRecord | null = null

        if slots.Length > 0 then
            let mutable slot = first key
            let last = slot + ways

            while slot < last do
                match Volatile.Read &slots[slot] with
                | null -> slot <- slot + 1
                | hot when isOf key hot ->
                    found <- hot
                    slot <- last
                | _ -> slot <- slot + 1

        found

    member _.Forget(key: StoreKey) =
        if slots.Length > 0 then
            let first = first key

            for slot in first .. first + ways - 1 do
                match slots[slot] with
                | null -> ()
                | hot ->
                    if isOf key hot then
                        clear slot

    /// Keeps the record, if there is room within the budget.
    member hot.Keep(key: StoreKey, number: int, record: SessionRecord) =
        if slots.Length = 0 then
            Volatile.Write(&slots, Array.zeroCreate (ways * sets))

        hot.Forget key
        let bytes = HotRecord.SizeOf record

        let mutable isTaken = budget.TryTake bytes

        if not isTaken then
            cool ()
            isTaken <- budget.TryTake bytes

        if isTaken then
            Volatile.Write(&slots[makeSlot key], HotRecord(key, number, record, bytes))

    /// Forgets those that were not used since the last time.
    member _.Cool() = cool ()
