/// The options that several commands share.
module Runa.Session.Tool.Arguments

open System
open System.CommandLine

let private option<'T> (name: string) (about: string) = Option<'T>(name, Description = about)

let private withDefault (value: 'T) (option: Option<'T>) =
    option.DefaultValueFactory <- fun _ -> value
    option

let json = option<bool> "--json" "Answer in JSON."
json.Recursive <- true

/// Whether a flag was given.
let isGiven (flag: Option<bool>) (parsed: ParseResult) : bool =
    match parsed.GetResult flag with
    | null -> false
    | result -> not result.Implicit

let driver = option<string> "--driver" "The kind of store: sqlite, postgresql or redis."
driver.Required <- true
driver.AcceptOnlyFromAmong("sqlite", "postgresql", "redis") |> ignore

/// Passwords do not belong on a command line, which other users of a machine can see.
let connectionVariable = "RUNA_CONNECTION"

let connection =
    option<string>
        "--connection"
        $"The connection string of the store. Default: the environment variable {connectionVariable}."

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

let config =
    option<string> "--config" "The application's TOML file of settings. Give it if sessions are shared or sealed."

let owner = Argument<string>("owner", Description = "The owner: what the application gave to signIn.")

/// The value of an option that has one by default or is required.
let required (option: Option<string>) (parsed: ParseResult) : string =
    match parsed.GetValue option with
    | null -> Problem.raiseOne $"{option.Name} is missing."
    | value when String.IsNullOrWhiteSpace value -> Problem.raiseOne $"{option.Name} is empty."
    | value -> value
