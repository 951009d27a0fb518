namespace Runa.Session

open System
open System.Threading

/// Holds one item of a pool.
[<Sealed; AllowNullLiteral>]
type internal Slot<'T when 'T: not struct>(item: 'T) =
    member _.Item = item

/// Keeps objects for reuse that are slow to create and serve one thread at a time.
[<Sealed>]
type internal Pool<'T when 'T: not struct>(make: unit -> 'T) =
    let slots: Slot<'T>[] = Array.zeroCreate (2 * Environment.ProcessorCount)

    let rec rent index =
        if index = slots.Length then
            Slot(make ())
        else
            match Interlocked.Exchange(&slots[index], null) with
            | null -> rent (index + 1)
            | slot -> slot

    let rec give index (slot: Slot<'T>) =
        if index < slots.Length && not (isNull (Interlocked.CompareExchange(&slots[index], slot, null))) then
            give (index + 1) slot

    member _.Rent() : Slot<'T> = rent 0

    /// If the pool is full, the item is left to the garbage collector.
    member _.Return(slot: Slot<'T>) = give 0 slot
