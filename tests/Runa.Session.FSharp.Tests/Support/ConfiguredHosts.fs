/// Hosts whose sessions are set up by a configuration.
module internal Runa.Session.Tests.ConfiguredHosts

open System.Collections.Generic
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let inMemory (pairs: (string * string) list) : IConfiguration =
    ConfigurationBuilder()
        .AddInMemoryCollection([ for key, value in pairs -> KeyValuePair<string, string | null>(key, value) ])
        .Build()

let counting = withSession "web" count

let configured (configuration: IConfiguration) (setup: SessionSetup -> SessionSetup) (host: Host) =
    startBare { host with Services = fun services -> services.AddRunaSession(configuration, setup) |> ignore }
