module Runa.Session.Benchmarks.Main

open System.Reflection
open System.Threading.Tasks
open BenchmarkDotNet.Running
open Runa.Session.Benchmarks.Growth

let private wait (work: Task<'T>) : 'T = work.GetAwaiter().GetResult()
let private finish (work: Task) = work.GetAwaiter().GetResult()
let private inProcess output = InProcess.run output
let private overKestrel output = wait (OverKestrel.run output 15 0.4)
let private showRatios (output: Output) ratios = output.Show "targets" (Report.ratios ratios)

let private growths: (string * (Output -> unit)) list =
    [ "keys", GrowthInProcess.keys
      "bytes", GrowthInProcess.bytes
      "connections", GrowthOverKestrel.connections >> finish
      "writers", GrowthOverKestrel.writers >> finish
      "sessions", GrowthInProcess.sessions ]

let private growth (output: Output) =
    for _, measure in growths do
        measure output

let private usage =
    "Arguments: none, for what a session costs; or one of
  in-process     without Kestrel
  kestrel        only over Kestrel
  parts          what the parts of a request take
  copied-cookies what a read costs of a session that rotates, or is bound to its device
  telemetry      what a session costs while somebody listens to its instruments and activities
  growth         how costs grow; growth keys (bytes, connections, writers, sessions) for one of them
  pauses         for the garbage collector, with a million sessions
  all            all of these
  in-memory      a memory driver that holds a million sessions, beside targets of its own
  --full …       BenchmarkDotNet, with its own arguments
growth and all write their figures and pictures into docs/understand/performance.md; the others do with a further --write, except
in-memory and --full."

let private all (output: Output) =
    let ratios = inProcess output @ overKestrel output
    Parts.run output
    Listening.run output
    growth output
    Pauses.run output
    showRatios output ratios

let private fully (args: string list) =
    let args = if args.IsEmpty then [ "--filter"; "*" ] else args

    BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(Array.ofList args, Settings.Instance)
    |> ignore

let private measure (output: Output) (args: string list) =
    match args with
    | [] -> showRatios output (inProcess output @ overKestrel output)
    | [ "in-process" ] -> showRatios Output.console (inProcess output)
    | [ "kestrel" ] -> showRatios Output.console (overKestrel output)
    | [ "parts" ] -> Parts.run output
    | [ "copied-cookies" ] -> CopiedCookies.run Output.console
    | [ "telemetry" ] -> Listening.run output
    | [ "growth" ] -> growth Output.pages
    | [ "growth"; name ] when List.exists (fun (other, _) -> other = name) growths ->
        (Map.ofList growths)[name] Output.pages
    | [ "pauses" ] -> Pauses.run output
    | [ "in-memory" ] -> InMemory.run ()
    | [ "all" ] -> all Output.pages
    // The other processes of these.
    | [ "in-process-here" ] -> InProcess.measureHere ()
    | [ "telemetry-here"; who ] -> Listening.measureHere who
    | [ "serve" ] -> finish (SiteProcess.serve (wait (Stores.all ())))
    | [ "serve-memory" ] -> finish (SiteProcess.serve (Stores.memory ()))
    | [ "serve-writers" ] -> finish (SiteProcess.serve (wait (Stores.forWriters ())))
    | [ "pauses"; side ] -> Pauses.serveSide side
    | _ -> printfn "%s" usage

[<EntryPoint>]
let main args =
    match List.ofArray args with
    | "--full" :: args -> fully args
    | args when List.contains "--write" args -> measure Output.pages (List.except [ "--write" ] args)
    | args -> measure Output.console args

    0
