module Runa.Session.Benchmarks.Main

open System.Reflection
open BenchmarkDotNet.Running

let private rounds = 25
let private inProcess () = (InProcess.run rounds).Ratios
let private overKestrel () = (OverKestrel.run 5 1.2).GetAwaiter().GetResult()

[<EntryPoint>]
let main args =
    match args with
    | [||] -> Report.ratios (inProcess () @ overKestrel ())
    | [| "in-process" |] -> Report.ratios (inProcess ())
    | [| "kestrel" |] -> Report.ratios (overKestrel ())
    | [| "serve" |] -> (Stores.all().GetAwaiter().GetResult() |> SiteProcess.serve).GetAwaiter().GetResult()
    | args ->
        let args = args |> Array.filter (fun argument -> argument <> "--full")
        let args = if args.Length = 0 then [| "--filter"; "*" |] else args

        BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args, Settings.Instance)
        |> ignore

    0
