module Runa.Session.Tool.Program

open System
open System.CommandLine
open System.CommandLine.Help
open System.CommandLine.Invocation
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
            match Problem.ofException (Store.name parsed) e with
            | Some(exitCode, sentences) -> return Answer.write isJson (Answer.ofProblem exitCode sentences)
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
    let page =
        Option<string>("--page", Description = "List the page that begins here: a text that the page before ends with.")
    let all = Option<bool>("--all", Description = "List all pages at once.")
    let lifetime =
        Option<string>(
            "--lifetime",
            Description = "How long the session lives, such as 1h, 30m or 7d. Default: the ttl of its settings."
        )
    let label =
        Option<string>("--label", Description = "What lists of devices show for the session.")
        |> Arguments.withDefault Issuing.defaultLabel
    let owner (parsed: ParseResult) = parsed.GetRequiredValue Arguments.owner

    [ command "secret" "Make a secret for app:secret or RUNA_SECRET." [] [] (fun _ _ ->
          Task.FromResult(Verbs.secret ()))
      command
          "check"
          "Check a TOML file of settings. Exit code 1: it has mistakes."
          [ Arguments.registered ]
          [ file ]
          (fun parsed _ ->
              let sessions = Option.ofObj (parsed.GetValue Arguments.registered)
              Task.FromResult(Verbs.check (parsed.GetRequiredValue file) sessions))
      command
          "schema"
          "Create the SQL table and its indexes where they are missing."
          [ Arguments.database; Arguments.connection; Arguments.table; print ]
          []
          (fun parsed token ->
              if Arguments.isGiven print parsed then
                  Task.FromResult(Verbs.printSchema parsed)
              else
                  Verbs.createSchema token parsed)
      command
          "devices"
          "List the sessions of an owner, page by page. Without an idle_timeout, \"last seen\" is the last change, not the last use."
          (sessions @ [ Arguments.session; page; all ])
          [ Arguments.owner ]
          (fun parsed token ->
              let part =
                  match Arguments.optional page parsed, Arguments.isGiven all parsed with
                  | Some _, true -> Problem.misuse "--page and --all exclude each other: give one of them."
                  | Some from, false -> Owners.Part.Page from
                  | None, true -> Owners.Part.All
                  | None, false -> Owners.Part.First

              Owners.devices (owner parsed) part token parsed)
      command
          "logout"
          "End the sessions of an owner everywhere."
          (sessions @ [ Arguments.session; handle ])
          [ Arguments.owner ]
          (fun parsed token -> Owners.logout (owner parsed) (Option.ofObj (parsed.GetValue handle)) token parsed)
      command
          "issue"
          "Make a session that is signed in as an owner, and print the text of its Cookie header and its handle. Needs the application's secret, RUNA_SECRET in the environment."
          (sessions @ [ Arguments.session; lifetime; label ])
          [ Arguments.owner ]
          (fun parsed token ->
              let lifetime = Arguments.optional lifetime parsed
              Issuing.issue (owner parsed) lifetime (Arguments.required label parsed) token parsed)
      command
          "count"
          "Count the sessions of an application."
          (sessions @ [ Arguments.onlySession ])
          []
          (fun parsed token -> Verbs.count token parsed)
      command
          "purge"
          "Delete expired sessions now. Applications do so each minute, and Redis by itself."
          store
          []
          (fun parsed token -> Verbs.purge token parsed) ]

/// Exit codes: 0 done; 1 a problem, which is told; 2 the command line is wrong.
[<EntryPoint>]
let main arguments =
    // A RootCommand is called like its file, which is not what one types.
    let root = Command("runa-session", "The sessions of applications that use Runa.Session.")
    root.Add(HelpOption())
    root.Add(VersionOption())
    root.Add Arguments.json
    commands () |> List.iter root.Add
    let parsed = root.Parse arguments

    match parsed.Action with
    | :? ParseErrorAction ->
        if Arguments.isGiven Arguments.json parsed then
            [ for error in parsed.Errors -> error.Message ] |> Answer.ofProblem 2 |> Answer.write true
        else
            parsed.Invoke() |> ignore
            2
    | _ -> parsed.Invoke()
