module Runa.Session.Tool.Program

open System
open System.CommandLine
open System.Threading
open System.Threading.Tasks
open Runa.Session.Tool

let private run
    (act: ParseResult -> CancellationToken -> Task<Answer>)
    (parsed: ParseResult)
    (token: CancellationToken)
    : Task<int> =
    task {
        let isJson = Arguments.isGiven Arguments.json parsed

        try
            let! answer = act parsed token
            return Answer.write isJson answer
        with e ->
            match Problem.ofException e with
            | Some sentences -> return Answer.write isJson (Answer.ofProblem sentences)
            | None -> return raise e
    }

let private command (name: string) (about: string) (options: Option list) (arguments: Argument list) act =
    let command = Command(name, about)
    options |> List.iter command.Add
    arguments |> List.iter command.Add
    command.SetAction(Func<ParseResult, CancellationToken, Task<int>>(run act))
    command

let private store: Option list =
    [ Arguments.driver; Arguments.connection; Arguments.table; Arguments.prefix ]
let private sessions: Option list = store @ [ Arguments.application; Arguments.config ]

let private commands () : Command list =
    let file = Argument<string>("file", Description = "The TOML file.")
    let print = Option<bool>("--print", Description = "Print the SQL instead, for a migration.")
    let handle =
        Option<string>("--device", Description = "End only the session with this handle, which `devices` shows.")
    let owner (parsed: ParseResult) = parsed.GetRequiredValue Arguments.owner

    [ command "secret" "Make a secret for app:secret or RUNA_SECRET." [] [] (fun _ _ ->
          Task.FromResult(Verbs.secret ()))
      command "check" "Check a TOML file of settings. Exit code 1: it has mistakes." [] [ file ] (fun parsed _ ->
          Task.FromResult(Verbs.check (parsed.GetRequiredValue file)))
      command
          "schema"
          "Create the SQL table and its indexes where they are missing."
          [ Arguments.driver; Arguments.connection; Arguments.table; print ]
          []
          (fun parsed token ->
              if Arguments.isGiven print parsed then
                  Task.FromResult(Verbs.printSchema parsed)
              else
                  Verbs.createSchema token parsed)
      command
          "devices"
          "List the sessions of an owner."
          (sessions @ [ Arguments.session ])
          [ Arguments.owner ]
          (fun parsed token -> Verbs.devices (owner parsed) token parsed)
      command
          "logout"
          "End the sessions of an owner everywhere."
          (sessions @ [ Arguments.session; handle ])
          [ Arguments.owner ]
          (fun parsed token -> Verbs.logout (owner parsed) (Option.ofObj (parsed.GetValue handle)) token parsed)
      command "count" "Count the sessions of an application." sessions [] (fun parsed token -> Verbs.count token parsed)
      command "purge" "Delete expired sessions now. Applications do so each minute." store [] (fun parsed token ->
          Verbs.purge token parsed) ]

/// Exit codes: 0 done; 1 a problem, which is told; 2 the command line is wrong.
[<EntryPoint>]
let main arguments =
    let root = RootCommand "The sessions of applications that use Runa.Session."
    root.Add Arguments.json
    commands () |> List.iter root.Add
    let parsed = root.Parse arguments
    let code = parsed.Invoke()
    if parsed.Errors.Count > 0 then 2 else code
