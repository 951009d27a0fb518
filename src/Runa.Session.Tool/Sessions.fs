/// The application's sessions in the store.
module Runa.Session.Tool.Sessions

open System
open System.CommandLine
open System.Threading.Tasks
open Microsoft.Extensions.Configuration
open Runa.Session

/// Whether the environment has the application's secret.
let hasSecret: bool =
    [ "RUNA_SECRET"; "APP_SECRET" ]
    |> List.exists (Environment.GetEnvironmentVariable >> String.IsNullOrWhiteSpace >> not)

let private file (parsed: ParseResult) : IConfiguration option =
    match Arguments.optional Arguments.config parsed with
    | None -> None
    | Some path ->
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

/// The sections of the file.
let private written (parsed: ParseResult) : IConfigurationSection list =
    match file parsed with
    | Some configuration -> List.ofSeq (configuration.GetSection("session:sessions").GetChildren())
    | None -> []

/// The names of all sessions that the file and the defaults have, without those that live in their cookies.
let names (parsed: ParseResult) : string list =
    let written = written parsed

    let isInCookie (name: string) =
        written |> List.exists (fun section -> section.Key = name && section["driver"] = "cookie")

    SessionSetup.names SessionSetup.empty @ [ for section in written -> section.Key ]
    |> List.distinct
    |> List.filter (isInCookie >> not)

/// The application under whose name the session is stored. It is empty for a session that applications share.
let applicationOf (application: string) (name: string) (registry: SessionRegistry) : string =
    let isShared (info: SessionInfo) = info.Name = name && info.Shared
    if SessionRegistry.info registry |> List.exists isShared then
        ""
    else
        application

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

        // The file's other sessions, too, since settings of a session that is not registered are a mistake.
        let all =
            SessionSetup.names setup @ names @ [ for section in written parsed -> section.Key ] |> List.distinct

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
