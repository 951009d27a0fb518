module Runa.Session.Packages.Tests.Main

open Runa.Session.TestSupport

[<EntryPoint>]
let main args = TestProgram.run args
