module Runa.Session.Tests.FileConformanceTests

open System
open System.IO
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

/// A folder for each clock, and the driver on it.
let private opened = ConditionalWeakTable<TimeProvider, objnull>()

let private filesOf (clock: TimeProvider) : string * SessionDriver =
    let make (clock: TimeProvider) =
        let folder = Directory.CreateTempSubdirectory("runa-files-").FullName

        // The suite disposes a driver and goes on with another one on the same store.
        AppDomain.CurrentDomain.ProcessExit.Add(fun _ -> Directory.Delete(folder, true))
        folder, FileDriver.create clock folder

    unbox<string * SessionDriver>(opened.GetValue(clock, (fun clock -> box (make clock))))

let private openFiles (clock: TimeProvider) : Task<SessionDriver> = Task.FromResult(snd (filesOf clock))
let private fileOf (clock: TimeProvider) (key: StoreKey) : string = FileDriver.path (fst (filesOf clock)) key

let private files: StoreUnderTest =
    { StoreUnderTest.untouched with
        // It takes turns with itself only, and no test of clocks calls two at once.
        OpenBeside = Some(fun clock other -> Task.FromResult(FileDriver.create other (fst (filesOf clock))))
        DropRecord = Some(fun clock key -> task { File.Delete(fileOf clock key) })
        Rewrite =
            Some(fun clock key change ->
                task {
                    let! document = File.ReadAllBytesAsync(fileOf clock key)
                    do! File.WriteAllBytesAsync(fileOf clock key, change document)
                }) }

[<Tests>]
let tests =
    Conformance.tests
        { DriverUnderTest.create "files" openFiles with
            Store = files
            Interleavings = 200
            // It has no purge.
            ExpiresByItself = true }
