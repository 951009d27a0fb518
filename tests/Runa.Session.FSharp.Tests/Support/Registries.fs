/// Setups of registries without a host.
module internal Runa.Session.Tests.Registries

open System.Collections.Generic
open Microsoft.Extensions.Configuration
open Runa.Session

let secret = "0123456789abcdefghijklmnopqrstuvwxyz"
let setup = SessionSetup.empty |> SessionSetup.secrets [ secret ]

let configured (values: (string * string) list) (setup: SessionSetup) =
    let pairs = values |> List.map (fun (key, value) -> KeyValuePair<string, string | null>(key, value))
    setup |> SessionSetup.configuration (ConfigurationBuilder().AddInMemoryCollection(pairs).Build())

let build (setup: SessionSetup) : SessionRegistry = SessionRegistry.create setup
