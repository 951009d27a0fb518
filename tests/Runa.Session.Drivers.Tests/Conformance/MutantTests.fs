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
open Runa.Session.Tests.DocumentDriver
open Runa.Session.Tests.Spoilt

/// Spoils a driver. Calls with one clock are answered by one spoilt store.
let private over (spoil: TimeProvider -> SessionDriver -> SessionDriver) : TimeProvider -> Task<SessionDriver> =
    let opened = ConditionalWeakTable<TimeProvider, objnull>()

    fun clock ->
        let driver = opened.GetValue(clock, (fun clock -> box (spoil clock (MemoryDriver.create clock))))
        Task.FromResult(unbox<SessionDriver> driver)

let private storeMutants =
    EndingMutants.mutants
    @ ClockMutants.mutants
    @ CountMutants.mutants
    @ StoreMutants.mutants
    @ DamageMutants.mutants

let private mutants =
    WriteMutants.mutants @ RaceMutants.mutants @ OwnerMutants.mutants @ BindingMutants.mutants

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

/// Over a store of documents, as the suite can fill, rob and spoil it.
let private ofDocuments (spoil: StoreSpoil) : DriverUnderTest =
    let storeOf =
        let stores = ConditionalWeakTable<TimeProvider, DocumentStore>()
        fun (clock: TimeProvider) -> stores.GetValue(clock, (fun _ -> DocumentStore()))

    let openOn store clock = spoil store clock (DocumentDriver.create store clock)

    { DriverUnderTest.create "mutant" (fun clock -> Task.FromResult(openOn (storeOf clock) clock)) with
        Store = DocumentDriver.hands storeOf openOn
        OwnedMany = 600 }

let private ofMemory (spoil: TimeProvider -> SessionDriver -> SessionDriver) : DriverUnderTest =
    { DriverUnderTest.create "mutant" (over spoil) with Interleavings = 300; Writers = 100 }

/// The tests of the suite that bear this name fail for the driver.
let private failures (under: DriverUnderTest) (name: string) =
    task {
        let wanted =
            testsOf [] (Conformance.tests under)
            |> List.filter (fun (names, _) -> List.last names = name)
            |> List.map (fun (names, test) -> testList (String.concat " " names) [ test ])

        if wanted.IsEmpty then
            failtest $"the suite has no test of this name: {name}"

        let! results = Impl.evalTests quiet (testList "mutant" wanted) |> Async.StartAsTask

        if results |> List.exists (fun (_, summary) -> summary.result.isIgnored) then
            failtest $"it is skipped here: {name}"

        return
            results
            |> List.filter (fun (_, summary) -> summary.result.isFailed || summary.result.isException)
            |> List.length
    }

[<Tests>]
let tests =
    testList
        "a wrong driver is caught"
        [ for wrong, name, under in
              [ for wrong, name, spoil in mutants -> wrong, name, ofMemory spoil ]
              @ [ for wrong, name, spoil in storeMutants -> wrong, name, ofDocuments spoil ] do
              testTask $"{wrong} – {name}" {
                  let! failed = failures under name
                  if failed = 0 then
                      failtest "it was not caught"
              }

          testTask "a correct driver is not caught" {
              for name in mutants |> List.map (fun (_, name, _) -> name) |> List.distinct do
                  let! failed = failures (ofMemory (fun _ driver -> driver)) name
                  if failed > 0 then
                      failtest $"caught for nothing: {name}"

              for name in storeMutants |> List.map (fun (_, name, _) -> name) |> List.distinct do
                  let! failed = failures (ofDocuments (fun _ _ driver -> driver)) name
                  if failed > 0 then
                      failtest $"caught for nothing: {name}"
          } ]
