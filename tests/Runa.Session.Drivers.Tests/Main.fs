module Runa.Session.Tests.Main

open Runa.Session.Tests
open Runa.Session.TestSupport

[<EntryPoint>]
let main args =
    match args with
    // Not the tests: an application that the tests start.
    | [| "--serve"; kind; connection |] -> SessionApp.run kind connection
    // Most of the tests wait for a server, so more of them run at once than there are processors.
    | args -> TestProgram.run [| "--parallel-workers"; "6"; yield! args |]
