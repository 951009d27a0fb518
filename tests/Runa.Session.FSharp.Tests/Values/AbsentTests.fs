/// None, unit and null: what stands for nothing comes back as it was set, or is refused.
module Runa.Session.Tests.AbsentTests

open System
open System.Text.Json
open System.Text.Json.Nodes
open Expecto
open Runa.Session

type Note = { Text: string option; Short: string voption }

type Json = { Element: JsonElement option; Node: JsonNode option }

type Uncertain = { Number: Nullable<JsonElement> }

let private session = Session.empty "web"

let private comesBack (name: string) (value: 'T) =
    let key = SessionKey.create<'T> "k"

    match session |> Session.set key value |> Session.decode key with
    | Ok(Some read) -> Expect.equal read value name
    | other -> failtest $"{name}: not read back: {other}"

let private missing<'T> : 'T = Unchecked.defaultof<'T>
let private jsonNull = JsonDocument.Parse("null").RootElement

/// Refused with each set, after a value that could be stored too; the message has these parts.
let private refusedAfter (good: 'T) (name: string) (parts: string list) (value: 'T) =
    let key = SessionKey.create<'T> "coupon"
    session |> Session.set key good |> ignore

    for act in
        [ fun () -> session |> Session.set key value |> ignore
          fun () -> session |> Session.flash key value |> ignore
          fun () -> session |> Session.update key good (fun _ -> value) |> ignore ] do
        try
            act ()
            failtest $"{name} was stored"
        with :? ArgumentException as e ->
            for part in [ "Key \"coupon\""; "SessionKey.withCodec" ] @ parts do
                Expect.stringContains e.Message part name

let private someOfNull = [ "a Some of null"; "come back as None" ]

[<Tests>]
let tests =
    testList
        "Absent values"
        [ test
              "promise 17: None, unit and null in anonymous, generic and other types come back, with nullable references" {
              AbsentValues.visit
                  { new AbsentValues.Visitor with
                      member _.Visit(name, value) = comesBack name value }
          }

          test
              "promise 17: None, unit and null in anonymous, generic and other types come back, without nullable references" {
              WithoutNullable.AbsentValues.visit
                  { new WithoutNullable.AbsentValues.Visitor with
                      member _.Visit(name, value) = comesBack name value }
          }

          test "promise 17: a Some of null is refused wherever it hides, also after a value that was stored" {
              let nothing: string = missing
              refusedAfter None "an option" [ "String"; "coupon" ] (Some nothing)
              refusedAfter (Some "a") "an option" someOfNull (Some nothing)
              refusedAfter ValueNone "a voption" someOfNull (ValueSome nothing)
              refusedAfter
                  { Text = None; Short = ValueNone }
                  "a record"
                  someOfNull
                  { Text = Some nothing; Short = ValueNone }
              refusedAfter
                  { Text = None; Short = ValueNone }
                  "a record"
                  someOfNull
                  { Text = None; Short = ValueSome nothing }
              refusedAfter [ None ] "a list" someOfNull [ Some "a"; Some nothing ]
              refusedAfter [| None |] "an array" someOfNull [| Some nothing |]
              refusedAfter (Map [ "alice", None ]) "a map" someOfNull (Map [ "alice", Some nothing ])
              refusedAfter {| A = None |} "an anonymous record" someOfNull {| A = Some nothing |}
              refusedAfter (1, None) "a tuple" someOfNull (1, Some nothing)
              refusedAfter (struct (1, ValueNone)) "a struct tuple" someOfNull (struct (1, ValueSome nothing))
              refusedAfter
                  (Map [ 1, [ {| A = None |} ] ])
                  "deep within"
                  someOfNull
                  (Map [ 1, [ {| A = Some nothing |} ] ])
              refusedAfter Seq.empty "a sequence" someOfNull (seq { Some nothing })
              refusedAfter None "of a record" [ "an option of Note" ] (Some missing<Note>)
              refusedAfter None "of a list" someOfNull (Some missing<int list>)
              refusedAfter None "of an array" someOfNull (Some missing<int[]>)
              refusedAfter None "of a Uri" someOfNull (Some missing<Uri>)
              refusedAfter None "of a JsonNode" someOfNull (Some missing<JsonNode>)
          }

          test "promise 17: a Some of what is written as null is refused" {
              let parts = [ "would come back different" ]
              refusedAfter None "of a JSON null" parts (Some jsonNull)
              refusedAfter ValueNone "of a JSON null" parts (ValueSome jsonNull)
              refusedAfter (Nullable()) "of a JSON null" parts (Nullable jsonNull)
              refusedAfter None "of a document" parts (Some(JsonDocument.Parse "null"))
              let none = { Element = None; Node = None }
              refusedAfter
                  none
                  "in a record"
                  [ "Element would come back different" ]
                  { none with Element = Some jsonNull }
              refusedAfter { Number = Nullable() } "in a record" [ "Number" ] { Number = Nullable jsonNull }
          }

          test "promise 17: what is not null comes back in an option" {
              comesBack "an empty text" (Some "")
              comesBack "an empty list" (Some([]: int list))
              comesBack "options in lists in options" (Some [ Some "a"; None ])
              comesBack "a record" (ValueSome { Text = None; Short = ValueSome "" })
              let key = SessionKey.create<JsonElement option> "k"
              let value = Some(JsonDocument.Parse("[null]").RootElement)
              let read = session |> Session.set key value |> Session.tryGet key |> Option.flatten
              Expect.equal (read |> Option.map _.GetRawText()) (Some "[null]") "a JSON value"
          }

          test "promise 17: a null that would not be read as null is refused when it is set" {
              refusedAfter [] "a list" [ "null" ] missing<int list>
              refusedAfter { Text = None; Short = ValueNone } "a record" [ "null" ] missing<Note>
              refusedAfter Map.empty "a map" [ "null" ] missing<Map<string, int>>
              refusedAfter (1, { Text = None; Short = ValueNone }) "in a tuple" [ "null" ] (1, missing<Note>)
              refusedAfter (struct (1, [])) "in a struct tuple" [ "null" ] (struct (1, missing<int list>))
          } ]
