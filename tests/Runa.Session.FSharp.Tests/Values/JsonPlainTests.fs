/// Promise 17: the quick way for plain values writes what the serializer writes, and reads what it reads.
module Runa.Session.Tests.JsonPlainTests

open System
open System.Text.Json
open Expecto
open FsCheck
open FsCheck.FSharp
open Runa.Session

let private written (value: 'T) = JsonSerializer.Serialize(value, JsonTypes.options)
let private config = { FsCheckConfig.defaultConfig with maxTest = 2_000 }

let private texts =
    testList
        "texts"
        [ test "each character of the basic plane, alone and within a text" {
              for code in 0..0xFFFF do
                  if not (Char.IsSurrogate(char code)) then
                      for text in [ string (char code); $"a{char code}b" ] do
                          match JsonPlain.tryWriteText text with
                          | null -> ()
                          | json -> Expect.equal json (written text) "written as the serializer does"

                          match JsonPlain.tryReadText (written text) with
                          | ValueSome back -> Expect.equal back text "read as the serializer does"
                          | ValueNone -> ()
          }

          testPropertyWithConfig config "any text"
          <| fun (NonEmptyString text) ->
              match JsonPlain.tryWriteText text with
              | null -> true
              | json -> json = written text && JsonPlain.tryReadText json = ValueSome text

          test "usual texts take the quick way" {
              for text in [ ""; "dark"; "Ada Lovelace"; "2026-11-27T04:00:00Z"; "a/b?c=d" ] do
                  Expect.equal (JsonPlain.tryWriteText text) $"\"{text}\"" text

              Expect.equal (JsonPlain.tryReadText "\"Zoë\"") (ValueSome "Zoë") "beyond ASCII"
          }

          test "escapes, halves of a pair and other JSON are left to the serializer" {
              for json in [ ""; "\""; "null"; "12"; "[\"a\"]"; "\"a\\n\""; "\"a"; $"\"{'\uD800'}\""; "\"a\" " ] do
                  Expect.equal (JsonPlain.tryReadText json) ValueNone json
          } ]

let private numbers =
    testList
        "whole numbers"
        [ testPropertyWithConfig config "any int"
          <| fun (value: int) ->
              JsonPlain.writeInt32 value = written value
              && (value = 0 || JsonPlain.tryReadInt32 (written value) = ValueSome value)

          testPropertyWithConfig config "any long"
          <| fun (DoNotSize(value: int64)) ->
              JsonPlain.writeInt64 value = written value
              && (match JsonPlain.tryReadInt64 (written value) with
                  | ValueSome back -> back = value
                  | ValueNone -> abs (float value) >= 1e18)

          test "the ends of their ranges" {
              for value in [ Int32.MinValue; -1; 0; 1; Int32.MaxValue ] do
                  Expect.equal (JsonPlain.tryReadInt32 (written value)) (ValueSome value) $"{value}"

              for json in [ "2147483648"; "-2147483649"; "9223372036854775808" ] do
                  Expect.equal (JsonPlain.tryReadInt32 json) ValueNone json
          }

          test "what the serializer must judge is left to it" {
              for json in [ ""; "-"; "-0"; "007"; "1.0"; "1e3"; " 1"; "+1"; "\"1\""; "1 2"; "null"; "١" ] do
                  Expect.equal (JsonPlain.tryReadInt64 json) ValueNone json
          } ]

let private codecs =
    testList
        "codecs"
        [ test "a key reads what the serializer wrote, on both ways" {
              let session = Session.empty "web"
              let text = SessionKey.create<string> "text"
              let number = SessionKey.create<int> "number"
              let long = SessionKey.create<int64> "long"
              let truth = SessionKey.create<bool> "truth"

              for value in [ ""; "plain"; "<b>&'\"\\"; "Zoë \U0001F600"; "a\nb" ] do
                  Expect.equal (session |> Session.set text value |> Session.tryGet text) (Some value) value

              for value in [ Int32.MinValue; 0; 7; Int32.MaxValue ] do
                  Expect.equal (session |> Session.set number value |> Session.tryGet number) (Some value) $"{value}"

              for value in [ Int64.MinValue; 0L; Int64.MaxValue ] do
                  Expect.equal (session |> Session.set long value |> Session.tryGet long) (Some value) $"{value}"

              for value in [ true; false ] do
                  Expect.equal (session |> Session.set truth value |> Session.tryGet truth) (Some value) $"{value}"
          }

          test "what is no such value is an error, as before" {
              Expect.isError (Codec.json<int>.Decode "1.5") "a fraction"
              Expect.isError (Codec.json<int>.Decode "\"1\"") "a text"
              Expect.isError (Codec.json<bool>.Decode "1") "a number"
              Expect.isError (Codec.json<string>.Decode "12") "a number for a text"
          } ]

[<Tests>]
let tests = testList "JsonPlain" [ texts; numbers; codecs ]
