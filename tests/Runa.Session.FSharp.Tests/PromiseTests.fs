module Runa.Session.Tests.PromiseTests

open System
open System.Reflection
open Expecto

/// Each full name of a test, but those of this file.
let private namesOf (assembly: Assembly) : string list =
    match Impl.testFromAssembly assembly with
    | Some tests -> Test.toTestCodeList tests |> List.map (fun test -> String.Join(" / ", test.name))
    | None -> []

[<Tests>]
let tests =
    testList
        "Promises"
        [ test "each one from 1 to 29 is named by a test" {
              let held =
                  namesOf (Assembly.GetExecutingAssembly()) |> List.collect PromiseNames.numbersIn |> Set.ofList

              let missing = [ 1..29 ] |> List.filter (held.Contains >> not)
              Expect.equal missing [] "promises that no test names"
              Expect.equal (held |> Set.filter (fun n -> n < 1 || n > 29)) Set.empty "numbers that no promise has"
          }

          test "no test hides in a module that is not public, where it would not be found" {
              let every = BindingFlags.Static ||| BindingFlags.Public ||| BindingFlags.NonPublic

              let hidden =
                  [ for found in Assembly.GetExecutingAssembly().GetTypes() do
                        for property in found.GetProperties every do
                            if Attribute.IsDefined(property, typeof<TestsAttribute>) then
                                match property.GetMethod with
                                | null -> ()
                                | getter when found.IsVisible && getter.IsPublic -> ()
                                | _ -> $"{found.Name}.{property.Name}" ]

              Expect.equal hidden [] "make their modules public"
          } ]
