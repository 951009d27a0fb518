module Runa.Session.Tests.BenchmarkTests

open Expecto
open Runa.Session.Benchmarks
open Runa.Session.Benchmarks.Plots

/// The arithmetic of the benchmarks, which are no test program.
[<Tests>]
let tests =
    testList
        "Benchmarks"
        [ for values, ticks in
              [ [ 3.; 68. ], [ 0.; 20.; 40.; 60.; 80. ]
                [ 0.; 10. ], [ 0.; 2.; 4.; 6.; 8.; 10. ]
                [ 0.2; 0.4 ], [ 0.; 0.1; 0.2; 0.3; 0.4 ] ] do
              test $"a linear axis for %A{values}" {
                  let found = Scale.ticks (Scale.linear values)
                  Expect.equal found.Length ticks.Length "has as many ticks"

                  for found, tick in List.zip found ticks do
                      Expect.floatClose Accuracy.high found tick "has this tick"
              }

          for values, ticks in
              [ [ 0.6; 80. ], [ 0.1; 1.; 10.; 100. ]
                [ 1.; 1000. ], [ 1.; 10.; 100.; 1000. ]
                [ 10. ], [ 10.; 100. ] ] do
              test $"a logarithmic axis for %A{values}" {
                  Expect.equal (Scale.ticks (Scale.logarithmic values)) ticks "has these ticks"
              }

          test "positions go from 0 to 1" {
              let positions scale values = values |> List.map (Scale.position scale)
              Expect.equal (positions (Linear(0., 80.)) [ 0.; 20.; 80. ]) [ 0.; 0.25; 1. ] "linear"

              for found, expected in List.zip (positions (Logarithmic(0.1, 10.)) [ 0.1; 1.; 10. ]) [ 0.; 0.5; 1. ] do
                  Expect.floatClose Accuracy.high found expected "logarithmic"
          }

          test "what is too close moves apart, in its order" {
              match Scale.apart 10. [ 50.; 52.; 100. ] with
              | [ first; second; third ] ->
                  Expect.floatClose Accuracy.medium (second - first) 10. "the close ones"
                  Expect.equal third 100. "the other one"
              | others -> failtest $"%A{others}"
          }

          for value, label in [ 0., "0"; 0.1, "0.1"; 20., "20"; 5000., "5,000"; 1e6, "1 M"; 2.5e6, "2.5 M" ] do
              test $"the label {label}" { Expect.equal (Scale.label value) label "is short" }

          test "the median of an odd and of an even number of values" {
              Expect.equal (Median.of' [ 9.; 1.; 2. ]) 2. "odd"
              Expect.equal (Median.of' [ 9.; 1.; 2.; 4. ]) 3. "even"
          }

          test "a section of the page is replaced, and nothing else" {
              let page = "before <!-- b --> old <!-- end of b --> <!-- c --> after <!-- end of c -->"
              let replaced = Section.replace "b" "new" page
              Expect.equal replaced (page.Replace(" old ", "\n\nnew\n\n")) "the text"
              Expect.equal (Section.replace "b" "new" replaced) replaced "again"
              Expect.throws (fun () -> Section.replace "d" "new" page |> ignore) "a section that is not there"
          } ]
