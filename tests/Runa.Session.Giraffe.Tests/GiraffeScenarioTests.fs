/// The scenarios of every flavour, on Giraffe.
module Runa.Session.Tests.GiraffeScenarioTests

open Expecto
open Runa.Session.TestSupport.Scenarios
open Runa.Session.Tests.GiraffeHosting

[<Tests>]
let tests = testList "Scenarios" [ Scenarios.on flavour ]
