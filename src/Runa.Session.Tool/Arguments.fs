/// The options that several commands share.
module Runa.Session.Tool.Arguments

open System
open System.CommandLine

let private option<'T> (name: string) (about: string) = Option<'T>(name, Description = about)

let withDefault (value: 'T) (option: Option<'T>) =
    option.DefaultValueFactory <- fun _ -> value
    option

let json = option<bool> "--json" "Answer in JSON."
json.Recursive <- true

/// Whether a flag was given.
let isGiven (flag: Option<bool>) (parsed: ParseResult) : bool =
    match parsed.GetResult flag with
    | null -> false
    | result -> not result.Implicit

let private kindOf (kinds: string list) (about: string) =
    let driver = option<string> "--driver" about
    driver.Required <- true
    driver.AcceptOnlyFromAmong(List.toArray kinds) |> ignore
    driver

let driver =
    kindOf [ "sqlite"; "postgresql"; "redis" ] "The kind of store: sqlite, postgresql or redis."

/// The same option, where Redis has no part.
let database =
    kindOf [ "sqlite"; "postgresql" ] "The kind of database: sqlite or postgresql. Redis needs no schema."

/// The kind of store. None: the command has none.
let kind (parsed: ParseResult) : string option = [ driver; database ] |> List.tryPick (parsed.GetValue >> Option.ofObj)

/// Passwords do not belong on a command line, which other users of a machine can see.
let connectionVariable = "RUNA_CONNECTION"

let connection =
    option<string>
        "--connection"
        $"The connection string of the store, such as \"Data Source=shop.db\", \"Host=localhost;Database=shop;Username=shop\" or \"localhost:6379\". Default: the environment variable {connectionVariable}."

let table =
    option<string> "--table" "The table of the sessions, in sqlite and postgresql."
    |> withDefault "runa_sessions"

let prefix = option<string> "--prefix" "The prefix of the keys, in redis." |> withDefault "runa:"

let application =
    option<string>
        "--application"
        "The name of the application whose sessions are meant: its host's application name, usually that of its project."

application.Required <- true

let session = option<string> "--session" "The name of the session." |> withDefault "web"

/// Of a command that otherwise asks for all of them.
let onlySession =
    option<string> "--session" "Only the session of this name. Default: all that the application has in the store."

let registered =
    option<string>
        "--sessions"
        "The sessions that the application registers, separated by commas (web, admin and api always are). Another in the file is a mistake."

let config =
    option<string>
        "--config"
        "The application's TOML file of settings. Give it if sessions are shared or sealed, and to issue one."

let owner = Argument<string>("owner", Description = "The owner: what the application gave to signIn.")

/// The value of an option that may be left out.
let optional (option: Option<string>) (parsed: ParseResult) : string option =
    match parsed.GetValue option with
    | null -> None
    | value when String.IsNullOrWhiteSpace value -> Problem.misuse $"{option.Name} is empty."
    | value -> Some value

/// The value of an option that has one by default or is required.
let required (option: Option<string>) (parsed: ParseResult) : string =
    match parsed.GetValue option with
    | null -> Problem.misuse $"{option.Name} is missing."
    | value when String.IsNullOrWhiteSpace value -> Problem.misuse $"{option.Name} is empty."
    | value -> value
