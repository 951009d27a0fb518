module Runa.Session.Tests.MemoryConformanceTests

open System
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

/// The memory driver has a store of its own: drivers opened with one clock are one and the same driver.
let openMemory () : TimeProvider -> Task<SessionDriver> =
    let opened = ConditionalWeakTable<TimeProvider, objnull>()

    fun clock ->
        let driver = opened.GetValue(clock, (fun clock -> box (MemoryDriver.create clock)))
        Task.FromResult(unbox<SessionDriver> driver)

[<Tests>]
let tests = Conformance.tests (DriverUnderTest.create "memory" (openMemory ()))
