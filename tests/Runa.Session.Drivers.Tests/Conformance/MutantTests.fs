/// The suite can fail: drivers that each break one promise are caught, and by the test that is there for it.
module Runa.Session.Tests.MutantTests

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

/// Spoils a driver. Calls with one clock are answered by one spoilt store.
let private over (spoil: TimeProvider -> SessionDriver -> SessionDriver) : TimeProvider -> Task<SessionDriver> =
    let opened = ConditionalWeakTable<TimeProvider, objnull>()

    fun clock ->
        let driver = opened.GetValue(clock, (fun clock -> box (spoil clock (MemoryDriver.create clock))))
        Task.FromResult(unbox<SessionDriver> driver)

let private mutants = WriteMutants.mutants @ RaceMutants.mutants @ OwnerMutants.mutants

let rec private testsOf (names: string list) (test: Test) : (string list * Test) list =
    match test with
    | Test.TestLabel(name, inner, _) -> testsOf (names @ [ name ]) inner
    | Test.TestList(inner, _) -> inner |> List.collect (testsOf names)
    | Test.Sequenced(_, inner) -> testsOf names inner
    | Test.TestCase _ -> [ names, test ]

let private quiet =
    { Impl.ExpectoConfig.defaultConfig with
        printer = Impl.TestPrinters.silent
        verbosity = Logging.Fatal }

/// The tests of the suite that bear this name fail for the driver.
let private failures (spoil: TimeProvider -> SessionDriver -> SessionDriver) (name: string) =
    task {
        let under = { DriverUnderTest.create "mutant" (over spoil) with Interleavings = 300; Writers = 100 }

        let wanted =
            testsOf [] (Conformance.tests under)
            |> List.filter (fun (names, _) -> List.last names = name)
            |> List.map (fun (names, test) -> testList (String.concat " " names) [ test ])

        if wanted.IsEmpty then
            failtest $"the suite has no test of this name: {name}"

        let! results = Impl.evalTests quiet (testList "mutant" wanted) |> Async.StartAsTask
        return
            results
            |> List.filter (fun (_, summary) -> summary.result.isFailed || summary.result.isException)
            |> List.length
    }

[<Tests>]
let tests =
    testList
        "a wrong driver is caught"
        [ for wrong, name, spoil in mutants do
              testTask $"{wrong} – {name}" {
                  let! failed = failures spoil name
                  if failed = 0 then
                      failtest "it was not caught"
              }

          testTask "a driver with nothing wrong is not" {
              for _, name, _ in mutants do
                  let! failed = failures (fun _ driver -> driver) name
                  if failed > 0 then
                      failtest $"caught for nothing: {name}"
          } ]
