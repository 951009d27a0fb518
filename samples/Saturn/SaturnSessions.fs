/// Sessions in Saturn's `application`. Copy this file into your project; it needs Saturn and Runa.Session.FSharp.
[<AutoOpen>]
module Runa.Session.SaturnSessions

open System.Reflection
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Runa.Session
open Saturn

/// A session's cookie is valid for one application name. Saturn's host calls every application "Saturn", so this takes the
/// program's name.
let private named: SessionSetup -> SessionSetup =
    match Assembly.GetEntryAssembly() with
    | null -> id
    | program -> SessionSetup.application (string (program.GetName().Name))

type ApplicationBuilder with

    /// Registers the sessions of the application, as `services.AddRunaSession(configuration, setup)` does.
    [<CustomOperation "use_runa_session">]
    member _.UseRunaSession(state: ApplicationState, setup: SessionSetup -> SessionSetup) : ApplicationState =
        let register (host: IHostBuilder) =
            host.ConfigureServices(fun context services ->
                services.AddRunaSession(context.Configuration, named >> setup) |> ignore)

        { state with HostConfigs = register :: state.HostConfigs }

    /// Reads a TOML file with `[sessions.<name>]` tables, as `configuration.AddSessionToml` does.
    [<CustomOperation "use_session_toml">]
    member _.UseSessionToml(state: ApplicationState, path: string) : ApplicationState =
        let read (host: IHostBuilder) =
            host.ConfigureAppConfiguration(fun configuration -> configuration.AddSessionToml path |> ignore)

        { state with HostConfigs = read :: state.HostConfigs }
