module Runa.Session.Tests.Main
[<EntryPoint>]
let main args = 0
