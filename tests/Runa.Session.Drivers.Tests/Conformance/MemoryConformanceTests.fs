module Runa.Session.Tests.MemoryConformanceTests

open System
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance
open Runa.Session.Tests.DocumentDriver

/// One for each clock, made at the first call.
let private perClock (make: TimeProvider -> 'T) : TimeProvider -> 'T =
    let made = ConditionalWeakTable<TimeProvider, objnull>()
    fun (clock: TimeProvider) -> unbox<'T>(made.GetValue(clock, (fun clock -> box (make clock))))

/// The clock of whichever node is calling: a store in memory has one clock, and this one makes two nodes of it.
[<Sealed>]
type private NodeClock(first: TimeProvider) =
    inherit TimeProvider()

    [<ThreadStatic; DefaultValue>]
    static val mutable private calling: TimeProvider | null

    override _.GetUtcNow() =
        match NodeClock.calling with
        | null -> first.GetUtcNow()
        | calling -> calling.GetUtcNow()

    override _.TimestampFrequency = first.TimestampFrequency
    override _.GetTimestamp() = first.GetTimestamp()

    /// Calls of the memory driver are over when they return.
    static member By (clock: TimeProvider) (call: unit -> ValueTask<'T>) : ValueTask<'T> =
        NodeClock.calling <- clock

        try
            call ()
        finally
            NodeClock.calling <- null

let private beside (driver: SessionDriver) (clock: TimeProvider) : SessionDriver =
    let by call = NodeClock.By clock call
    let owners = driver.Owners.Value

    { driver with
        Load = fun key token -> by (fun () -> driver.Load key token)
        Create = fun key record token -> by (fun () -> driver.Create key record token)
        Replace = fun key version record token -> by (fun () -> driver.Replace key version record token)
        Touch = fun key idleExpiresAt token -> by (fun () -> driver.Touch key idleExpiresAt token)
        Delete = fun key token -> by (fun () -> driver.Delete key token)
        DeleteMany = fun keys token -> by (fun () -> driver.DeleteMany keys token)
        PurgeExpired = fun token -> by (fun () -> driver.PurgeExpired token)
        Count = driver.Count |> ValueOption.map (fun count -> fun scope token -> by (fun () -> count scope token))
        Owners =
            ValueSome
                { owners with
                    List = fun scope owner from token -> by (fun () -> owners.List scope owner from token)
                    Epoch = fun scope owner token -> by (fun () -> owners.Epoch scope owner token)
                    DeleteAll = fun scope token -> by (fun () -> owners.DeleteAll scope token) } }

/// The memory driver has a store of its own: drivers opened with one clock are one and the same driver. It holds no documents,
/// loses no index, and makes room rather than refuse.
[<Tests>]
let tests =
    let driverOf = perClock (fun clock -> MemoryDriver.create (NodeClock clock))

    Conformance.tests
        { DriverUnderTest.create "memory" (driverOf >> Task.FromResult) with
            Store =
                { StoreUnderTest.untouched with
                    OpenBeside = Some(fun clock other -> Task.FromResult(beside (driverOf clock) other)) } }

/// Drivers of one clock are on one store of documents.
[<Tests>]
let ofDocuments =
    let storeOf = perClock (fun _ -> DocumentStore())
    let mutable last: DocumentStore | null = null

    let openDocuments (clock: TimeProvider) =
        let store = storeOf clock
        last <- store
        Task.FromResult(DocumentDriver.create store clock)

    let dump () =
        match last with
        | null -> Task.FromResult [||]
        | store -> Task.FromResult store.Dump

    Conformance.tests
        { DriverUnderTest.create "documents" openDocuments with
            Dump = Some dump
            Store = DocumentDriver.hands storeOf DocumentDriver.create
            Interleavings = 500 }
