module Runa.Session.Tests.Main

[<EntryPoint>]
let main args = TestProgram.run args
