module Runa.Session.Browser.Tests.Main

open Expecto
open Runa.Session.TestSupport
open Runa.Session.Browser.Tests

let private ofDemo (demo: Demo) =
    testList
        $"samples/{demo.Folder}"
        [ PageTests.tests demo
          InspectorTests.tests demo
          SignInTests.tests demo
          TabTests.tests demo
          DeviceListTests.tests demo
          AfterTheEndTests.tests demo
          CookieTests.tests demo
          DeviceBoundDemoTests.tests demo ]

[<Tests>]
let tests =
    testList
        "in Chromium"
        [ ofDemo Demo.fsharp
          ofDemo Demo.csharp
          CookieTests.shared Demo.fsharp
          TheftTests.tests
          HttpsTests.tests
          DeviceBoundTests.tests
          BlazorTests.tests ]

[<EntryPoint>]
let main args =
    try
        match args with
        | [| "--screenshots"; folder |] ->
            (Screenshots.take folder).Wait()
            0
        // Most of the tests wait for a page, so more of them run at once than there are processors.
        | args -> TestProgram.run [| "--parallel-workers"; "4"; yield! args |]
    finally
        (Chromium.close ()).Wait()
        Demo.stopAll ()
