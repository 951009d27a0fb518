module Runa.Session.Tests.FileConformanceTests

open System
open System.IO
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

/// One driver for each clock, on a folder that goes with it.
let private openFiles () : TimeProvider -> Task<SessionDriver> =
    let opened = ConditionalWeakTable<TimeProvider, objnull>()

    let make (clock: TimeProvider) =
        let folder = Directory.CreateTempSubdirectory("runa-files-").FullName

        FileDriver.create clock folder
        |> SessionDriver.withDispose (fun () ->
            Directory.Delete(folder, true)
            ValueTask())

    fun clock -> Task.FromResult(unbox<SessionDriver>(opened.GetValue(clock, (fun clock -> box (make clock)))))

[<Tests>]
let tests = Conformance.tests { DriverUnderTest.create "files" (openFiles ()) with Interleavings = 200 }
