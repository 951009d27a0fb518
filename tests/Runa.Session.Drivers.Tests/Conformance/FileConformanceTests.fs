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

        // The suite disposes a driver and goes on with another one on the same store.
        AppDomain.CurrentDomain.ProcessExit.Add(fun _ -> Directory.Delete(folder, true))
        FileDriver.create clock folder

    fun clock -> Task.FromResult(unbox<SessionDriver>(opened.GetValue(clock, (fun clock -> box (make clock)))))

[<Tests>]
let tests =
    Conformance.tests
        { DriverUnderTest.create "files" (openFiles ()) with
            Interleavings = 200
            // It has no purge.
            ExpiresByItself = true }
