module Runa.Session.Benchmarks.Main

open System.Reflection
open BenchmarkDotNet.Running

let private compare () =
    InProcess.run 25
    let rates = (OverKestrel.measure 5 1.5).GetAwaiter().GetResult()
    Report.overKestrel rates

[<EntryPoint>]
let main args =
    match args with
    | [||] -> compare ()
    | [| "in-process" |] -> InProcess.run 25
    | [| "serve" |] -> OverKestrel.serve().GetAwaiter().GetResult()
    | args ->
        let args = args |> Array.filter (fun argument -> argument <> "--full")
        let args = if args.Length = 0 then [| "--filter"; "*" |] else args

        BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args, Settings.Instance)
        |> ignore

    0
