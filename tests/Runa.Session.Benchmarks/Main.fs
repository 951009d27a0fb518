module Runa.Session.Benchmarks.Main

open System.Reflection
open System.Threading.Tasks
open BenchmarkDotNet.Running
open Runa.Session.Benchmarks.Growth

let private wait (work: Task<'T>) : 'T = work.GetAwaiter().GetResult()
let private finish (work: Task) = work.GetAwaiter().GetResult()
let private inProcess isDrawn = InProcess.run 25 isDrawn
let private overKestrel () = wait (OverKestrel.run 5 1.2)

let private growthOf (name: string) =
    match name with
    | "keys" -> GrowthInProcess.keys ()
    | "bytes" -> GrowthInProcess.bytes ()
    | "connections" -> finish (GrowthOverKestrel.connections ())
    | "writers" -> finish (GrowthOverKestrel.writers ())
    | "sessions" -> GrowthInProcess.sessions ()
    | _ -> failwith $"There is no growth of {name}: keys, bytes, connections, writers or sessions."

let private growth () = List.iter growthOf [ "keys"; "bytes"; "connections"; "writers"; "sessions" ]

let private usage =
    "Arguments: none, for what a session costs; or one of
  in-process     without Kestrel
  kestrel        only over Kestrel
  parts          what the parts of a request take
  growth         how costs grow, with pictures; growth keys (bytes, connections, writers, sessions) for one of them
  pauses         for the garbage collector, with a million sessions
  all            all of these, with all pictures
  --full …       BenchmarkDotNet, with its own arguments"

[<EntryPoint>]
let main args =
    match List.ofArray args with
    | [] -> Report.ratios (inProcess false @ overKestrel ())
    | [ "in-process" ] -> Report.ratios (inProcess false)
    | [ "kestrel" ] -> Report.ratios (overKestrel ())
    | [ "parts" ] -> Parts.run ()
    | [ "growth" ] -> growth ()
    | [ "growth"; name ] -> growthOf name
    | [ "pauses" ] -> Pauses.run ()
    | [ "all" ] ->
        let ratios = inProcess true @ overKestrel ()
        growth ()
        Pauses.run ()
        Report.ratios ratios
    // The other processes of these.
    | [ "serve" ] -> finish (SiteProcess.serve (wait (Stores.all ())))
    | [ "serve-memory" ] -> finish (SiteProcess.serve (Stores.memory ()))
    | [ "serve-writers" ] -> finish (SiteProcess.serve (wait (Stores.forWriters ())))
    | [ "pauses"; side ] -> Pauses.serveSide side
    | "--full" :: args ->
        let args = if args.IsEmpty then [ "--filter"; "*" ] else args

        BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(Array.ofList args, Settings.Instance)
        |> ignore
    | _ -> printfn "%s" usage

    0
