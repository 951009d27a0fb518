module Runa.Session.Browser.Tests.Main

open Expecto
open Runa.Session.TestSupport
open Runa.Session.Browser.Tests

let private ofDemo (demo: Demo) =
    testList
        $"samples/{demo.Folder}"
        [ PageTests.tests demo
          SignInTests.tests demo
          TabTests.tests demo
          DeviceListTests.tests demo
          AfterTheEndTests.tests demo
          CookieTests.tests demo ]

[<Tests>]
let tests =
    testList "in Chromium" [ ofDemo Demo.fsharp; ofDemo Demo.csharp; CookieTests.shared Demo.fsharp ]

[<EntryPoint>]
let main args =
    try
        match args with
        | [| "--screenshots"; folder |] ->
            (Screenshots.take folder).Wait()
            0
        | args -> TestProgram.run args
    finally
        (Chromium.close ()).Wait()
        Demo.stopAll ()
