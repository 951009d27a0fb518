/// The same scenarios for every flavour.
module Runa.Session.TestSupport.Scenarios.Scenarios

open Expecto

/// All of them.
let on (flavour: Flavour) : Test =
    testList
        $"on {flavour.Name}"
        [ CountingScenarios.scenarios flavour
          SignInScenarios.scenarios flavour
          DecliningScenarios.scenarios flavour
          ContextScenarios.scenarios flavour
          ConflictScenarios.scenarios flavour
          ErrorScenarios.scenarios flavour
          CachingScenarios.scenarios flavour
          WritingScenarios.scenarios flavour ]
