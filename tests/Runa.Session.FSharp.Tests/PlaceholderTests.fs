module Runa.Session.Tests.PlaceholderTests

open Expecto

[<Tests>]
let tests = testList "placeholder" [ test "the suite runs" { Expect.equal (1 + 1) 2 "arithmetic" } ]
