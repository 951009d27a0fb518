/// The scenarios that Giraffe and Saturn run as well.
module Runa.Session.Tests.ScenarioTests

open Expecto
open Runa.Session.TestSupport.Scenarios
open Runa.Session.Tests.PlainFlavour

[<Tests>]
let tests = testList "Scenarios" [ Scenarios.on plain ]
