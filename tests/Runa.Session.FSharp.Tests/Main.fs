module Runa.Session.Tests.Main

open Runa.Session.TestSupport

[<EntryPoint>]
let main args = TestProgram.run args
