module Runa.Session.Tests.ProjectTests

open Expecto
open Runa.Session

[<Tests>]
let tests =
    testList
        "project"
        [ test "memory" { Expect.equal (MemoryDriver.create ()).Guarantee DriverGuarantee.CompareAndSwap "guarantee" } ]
