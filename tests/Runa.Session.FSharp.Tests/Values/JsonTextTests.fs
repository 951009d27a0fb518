module Runa.Session.Tests.JsonTextTests

open System.Text.Json
open Expecto
open Runa.Session

let private lone = string '\uD800'

[<Tests>]
let tests =
    testList
        "JsonText"
        [ for text in
              [ "1"
                " -1.5e3 "
                "null"
                "true"
                "\"\""
                "\"é 😀\""
                "[]"
                "[1,[2,{}]]"
                "{\"a\":{\"b\":[]}}"
                "\n{}\t" ] do
              test $"one JSON value is accepted: {text.Trim()}" {
                  Expect.isNone (JsonText.problem text) "no problem"
                  use document = JsonDocument.Parse text
                  Expect.notEqual document.RootElement.ValueKind JsonValueKind.Undefined "System.Text.Json agrees"
              }

          for text in
              [ ""
                " "
                "1,\"admin\":true"
                "1}"
                "{}{}"
                "1 2"
                "\"a\",\"b\":\"c\""
                "{"
                "[1"
                "[1,]"
                "{\"a\":1,}"
                "{} // comment"
                "/* comment */ 1"
                "\uFEFF1"
                "01"
                "NaN"
                "'a'"
                "\"\u0000\""
                "undefined"
                "1\u0000" ] do
              test $"what is not exactly one JSON value is refused: %A{text}" {
                  match JsonText.problem text with
                  | None -> failtest "it was accepted"
                  | Some why ->
                      Expect.isFalse (text.Length > 4 && why.Contains text) "promise 5: the text is not in the message"
              }

          test "text with a lone surrogate is refused, whichever half it is" {
              Expect.isSome (JsonText.problem $"\"{lone}\"") "high"
              Expect.isSome (JsonText.problem ("\"" + string '\uDC00' + "\"")) "low"
              Expect.isSome (JsonText.problem ("\"" + string '\uDC00' + lone + "\"")) "the wrong way round"
              Expect.isNone (JsonText.problem "\"\U0001F600\"") "a pair is text"
          }

          test "text deeper than a reader goes is refused, not overflowed" {
              let deep = String.replicate 100_000 "[" + String.replicate 100_000 "]"
              Expect.isSome (JsonText.problem deep) "refused"
          }

          testProperty "members are written into one object that has exactly these members, whatever their names"
          <| fun (members: (FsCheck.NonEmptyString * int) list) ->
              let members = members |> List.map (fun (name, value) -> name.Get, value) |> List.distinctBy fst

              let text = JsonText.ofMembers (members |> Seq.map (fun (name, value) -> struct (name, string value)))

              use document = JsonDocument.Parse text

              let read =
                  [ for property in document.RootElement.EnumerateObject() -> property.Name, property.Value.GetInt32() ]

              Expect.equal read members "the same members in the same order"

          test "names cannot end the text of a page" {
              let text = JsonText.ofMembers [ struct ("</script>\"", "1") ]
              Expect.isFalse (text.Contains '<') "no tag"
          }

          test "bytes are those of UTF-8" { Expect.equal (JsonText.bytes "aé😀") 7 "1 + 2 + 4" } ]
