module Runa.Session.Tests.Main

open Runa.Session.Tests

[<EntryPoint>]
let main args =
    match args with
    // Not the tests: an application that the tests start.
    | [| "--serve"; kind; connection |] -> SessionApp.run kind connection
    | args -> TestProgram.run args
