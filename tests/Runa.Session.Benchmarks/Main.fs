module Runa.Session.Benchmarks.Main

open System.Reflection
open BenchmarkDotNet.Running

[<EntryPoint>]
let main args =
    match args with
    | [| "quick" |] -> InProcess.run 25
    | [| "parts" |] -> Parts.run ()
    | args ->
        BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args, Settings.Instance)
        |> ignore

    0
