/// The command, installed as users install it, and what tests expect of its answers.
module Runa.Session.Packages.Tests.Tool

open System.IO
open Expecto
open Runa.Session.Packages.Tests.Commands

type Tool(folder: string) =
    do
        Consumer.dotnet
            folder
            [ "tool"; "install"; "Runa.Session.Tool"; "--tool-path"; "tool"; "--version"; Packed.version ]
        |> ignore

    member _.In = folder
    member _.RunWith(environment: (string * string) list, arguments: string list) : Outcome =
        run (Path.Combine(folder, "tool", "runa-session")) folder environment arguments

    member tool.Run(arguments: string list) : Outcome = tool.RunWith([], arguments)

let withTool (work: Tool -> unit) = Consumer.inFolder (fun folder -> work (Tool folder))

let fails (expected: string) (outcome: Outcome) =
    Expect.equal outcome.ExitCode 1 $"the exit code: {outcome.Text}"
    Expect.stringContains outcome.Error expected "what is wrong"

/// The command line is wrong.
let misuses (expected: string) (outcome: Outcome) =
    Expect.equal outcome.ExitCode 2 $"the exit code: {outcome.Text}"
    Expect.stringContains outcome.Error expected "what is wrong"

/// It was done, but something may be wrong.
let warns (expected: string) (outcome: Outcome) =
    Expect.equal outcome.ExitCode 0 $"the exit code: {outcome.Text}"
    Expect.stringContains outcome.Error expected "the warning"

let answers (expected: string) (outcome: Outcome) =
    Expect.equal outcome.ExitCode 0 $"the exit code: {outcome.Text}"
    Expect.stringContains outcome.Output expected "the answer"

let shop = [ "--driver"; "sqlite"; "--connection"; "Data Source=shop.db"; "--application"; "Shop" ]
let store = List.truncate 4 shop
