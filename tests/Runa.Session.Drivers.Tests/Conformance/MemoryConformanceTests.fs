module Runa.Session.Tests.MemoryConformanceTests

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

/// The memory driver has a store of its own: drivers opened with one clock are one and the same driver.
let private shared (make: TimeProvider -> SessionDriver) : TimeProvider -> Task<SessionDriver> =
    let opened = ConditionalWeakTable<TimeProvider, objnull>()

    fun clock ->
        let driver = opened.GetValue(clock, (fun clock -> box (make clock)))
        Task.FromResult(unbox<SessionDriver> driver)

/// What a store that takes bytes would hold.
let private written = ConcurrentDictionary<StoreKey, SessionDriver>()

let private throughDocument (record: SessionRecord) : SessionRecord =
    RecordFormat.read (ReadOnlySpan(RecordFormat.write record))

/// Every record goes into the memory driver through its document, and each answer comes after a while: as for a driver
/// whose store is elsewhere.
let private documents (clock: TimeProvider) : SessionDriver =
    let inner = MemoryDriver.create clock

    let later (call: unit -> ValueTask<'T>) =
        ValueTask<'T>(
            task {
                do! Task.Yield()
                return! call ()
            }
        )

    { inner with
        Name = "documents"
        InProcess = false
        Load = fun key token -> later (fun () -> inner.Load key token)
        Create =
            fun key record token ->
                written[key] <- inner
                later (fun () -> inner.Create key (throughDocument record) token)
        Replace =
            fun key version record token -> later (fun () -> inner.Replace key version (throughDocument record) token)
        Touch = fun key idleEnd token -> later (fun () -> inner.Touch key idleEnd token)
        Delete = fun key token -> later (fun () -> inner.Delete key token) }

let private dump () : Task<byte[]> =
    task {
        let parts = ResizeArray<byte[]>()

        for KeyValue(key, driver) in written do
            match! driver.Load key CancellationToken.None with
            | ValueSome record ->
                parts.Add(StoreKey.toBytes key)
                parts.Add(RecordFormat.write record)
            | ValueNone -> ()

        return Array.concat parts
    }

[<Tests>]
let tests =
    Conformance.tests (DriverUnderTest.create "memory" (shared (fun clock -> MemoryDriver.create clock)))

[<Tests>]
let ofDocuments =
    Conformance.tests
        { DriverUnderTest.create "documents" (shared documents) with Dump = Some dump; Interleavings = 500 }
