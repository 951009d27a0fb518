/// The scenarios of every flavour, on Saturn.
module Runa.Session.Tests.SaturnScenarioTests

open Expecto
open Runa.Session.TestSupport.Scenarios
open Runa.Session.Tests.SaturnHosting

[<Tests>]
let tests = testList "Scenarios of Saturn" [ Scenarios.on saturn ]
