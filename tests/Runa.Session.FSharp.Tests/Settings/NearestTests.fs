module Runa.Session.Tests.NearestTests

open Expecto
open Runa.Session

let private known = [ "web"; "admin"; "api" ]

[<Tests>]
let tests =
    testList
        "Nearest"
        [ for wrong, expected in
              [ "wbe", Some "web"
                "Web", Some "web"
                "we", Some "web"
                "webb", Some "web"
                "amdin", Some "admin"
                "administrator", None
                "ap", Some "api"
                "checkout", None
                "x", None
                "", None ] do
              test $"the name nearest to {wrong}" {
                  Expect.equal (Nearest.tryFind known wrong) expected "near, or none"
              }

          test "a swap, an insertion, a removal and a change are one each" {
              for a, b, distance in
                  [ "web", "web", 0
                    "web", "wbe", 1
                    "web", "wb", 1
                    "web", "webs", 1
                    "web", "wab", 1
                    "", "abc", 3
                    "abc", "xyz", 3 ] do
                  Expect.equal (Nearest.distance a b) distance $"{a} to {b}"
          }

          testProperty "distance is the same both ways, nothing only for the same, and at most the longer length"
          <| fun (a: FsCheck.NonEmptyString, b: FsCheck.NonEmptyString) ->
              let d = Nearest.distance a.Get b.Get
              d = Nearest.distance b.Get a.Get && (d = 0) = (a.Get = b.Get) && d <= max a.Get.Length b.Get.Length

          test "the hint and the list are for a sentence" {
              Expect.equal (Nearest.hint known "wbe") " Did you mean \"web\"?" "a hint"
              Expect.equal (Nearest.hint known "checkout") "" "no hint"
              Expect.equal (Nearest.hint [] "web") "" "nothing known"
              Expect.equal (Nearest.list known) "admin, api, web" "in order"
          } ]
