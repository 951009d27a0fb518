/// The application's sessions in the store.
module Runa.Session.Tool.Sessions

open System
open System.CommandLine
open System.Threading.Tasks
open Microsoft.Extensions.Configuration
open Runa.Session

let private hasSecret =
    [ "RUNA_SECRET"; "APP_SECRET" ]
    |> List.exists (Environment.GetEnvironmentVariable >> String.IsNullOrWhiteSpace >> not)

let private file (parsed: ParseResult) : IConfiguration option =
    match parsed.GetValue Arguments.config with
    | null -> None
    | path ->
        match SessionFile.mistakes path with
        | [] -> Some(ConfigurationBuilder().AddSessionToml(IO.Path.GetFullPath path).Build())
        | mistakes -> raise (Refusal mistakes)

/// Moves a session to the store that the options name. One that the file keeps elsewhere is not in it.
let private inStore (driver: string) (name: string) (o: SessionSettings) : SessionSettings =
    match o.Driver with
    | "cookie" ->
        Problem.raiseOne $"The session \"{name}\" is kept in its cookies (driver = \"cookie\"), not in a store."
    | _ when o.Sealed && not hasSecret ->
        Problem.raiseOne
            $"The session \"{name}\" is sealed, so the application's secret is needed: set the environment variable RUNA_SECRET."
    | _ -> { o with Driver = driver }

/// The names of all sessions that the file and the defaults have, and the one that the options name.
let names (parsed: ParseResult) : string list =
    let written =
        match file parsed with
        | Some configuration ->
            [ for section in configuration.GetSection("session:sessions").GetChildren() -> section.Key ]
        | None -> []

    SessionSetup.names SessionSetup.empty @ written |> List.distinct

/// Opens the store for these sessions of the application, and closes it afterwards. No secret is needed unless a session
/// is sealed: the store's keys cannot be turned into cookies anyway.
let using
    (application: string)
    (names: string list)
    (parsed: ParseResult)
    (act: SessionRegistry -> Task<Answer>)
    : Task<Answer> =
    task {
        let driver = "of the options"

        let setup =
            SessionSetup.empty
            |> SessionSetup.application application
            |> SessionSetup.driverFrom driver (fun _ -> Store.openDriver parsed)

        let setup =
            if hasSecret then
                setup
            else
                setup |> SessionSetup.secrets [ SessionSecret.create () ]

        let setup =
            match file parsed with
            | Some configuration -> setup |> SessionSetup.configuration configuration
            | None -> setup

        let all = SessionSetup.names setup @ names |> List.distinct

        let setup =
            (setup, all)
            ||> List.fold (fun setup name ->
                setup
                |> SessionSetup.session name (fun o ->
                    if List.contains name names then
                        inStore driver name o
                    else
                        { o with Driver = "memory" }))

        use registry = SessionRegistry.create setup
        return! act registry
    }
