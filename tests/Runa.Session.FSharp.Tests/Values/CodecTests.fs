/// What Codec.json gives back: the same values, or an error.
module Runa.Session.Tests.CodecTests

open System
open System.Text.Json
open Expecto
open FsCheck
open FsCheck.FSharp
open Runa.Session

type Colour =
    | Red
    | Green
    | DarkBlue

type Line = { Sku: string; Count: int; Note: string option }

type Cart =
    { Lines: Line list
      ByName: Map<string, Line>
      ByColour: Map<Colour, int>
      Favourite: Colour
      Seen: Set<int>
      Corner: struct (int * string)
      Pair: string * Line option
      Total: decimal
      At: DateTimeOffset
      Id: Guid
      Raw: byte[]
      Letter: char
      Limit: int voption
      Extra: {| Depth: int; Names: string list |} }

[<Struct>]
type Point = { X: int; Y: int; Tag: string }

type Tree = { Value: int; Children: Tree list }

type internal Secret = { Word: string; Hint: string option }
type private Shelf = { Books: Secret list; Width: int }
type Account = private { Balance: decimal; mutable Note: string }

[<Struct>]
type private Spot = { Row: int; Column: string }

type private Suit =
    | Hearts
    | Spades

type Mutable() =
    member val Count = 0 with get, set
    member val Names = ResizeArray<string>() with get, set

/// Items is a property without a setter.
type Basket() =
    member val Name = "" with get, set
    member val Items = ResizeArray<string>() with get

let private key<'T> = SessionKey.create<'T> "k"

/// A session that holds this text under the key "k".
let private holding (json: string) =
    Session.empty "web" |> Session.set (SessionKey.withCodec (Codec.ofFunctions id Ok) "k") json

let private decode<'T> (json: string) : Result<'T option, DecodeError> = Session.decode key<'T> (holding json)

let private roundTrip<'T> (value: 'T) : 'T =
    match Session.empty "web" |> Session.set key<'T> value |> Session.decode key<'T> with
    | Ok(Some value) -> value
    | other -> failtest $"not read back: {other}"

let private text =
    Gen.oneof [ Gen.constant ""; ArbMap.defaults |> ArbMap.generate<NonEmptyString> |> Gen.map _.Get ]

let private number = ArbMap.defaults |> ArbMap.generate<int>

let private line =
    Gen.map3 (fun sku count note -> { Sku = sku; Count = count; Note = note }) text number (Gen.optionOf text)

let private colour = Gen.elements [ Red; Green; DarkBlue ]

let private cart =
    gen {
        let! lines = Gen.listOf line
        let! byName = Gen.listOf (Gen.zip text line)
        let! byColour = Gen.listOf (Gen.zip colour number)
        let! favourite = colour
        let! seen = Gen.listOf number
        let! corner = Gen.map2 (fun n s -> struct (n, s)) number text
        let! pair = Gen.zip text (Gen.optionOf line)
        let! total = ArbMap.defaults |> ArbMap.generate<decimal>
        let! ticks = Gen.choose64 (0L, DateTimeOffset.MaxValue.Ticks)
        let! raw = Gen.arrayOf (Gen.map byte (Gen.choose (0, 255)))
        let! letter = Gen.map char (Gen.choose (0, 0xD7FF))
        let! limit =
            Gen.map
                (function
                | Some n -> ValueSome n
                | None -> ValueNone)
                (Gen.optionOf number)
        let! depth = number
        let! names = Gen.listOf text

        return
            { Lines = lines
              ByName = Map byName
              ByColour = Map byColour
              Favourite = favourite
              Seen = Set seen
              Corner = corner
              Pair = pair
              Total = total
              At = DateTimeOffset(ticks, TimeSpan.Zero)
              Id = Guid.NewGuid()
              Raw = raw
              Letter = letter
              Limit = limit
              Extra = {| Depth = depth; Names = names |} }
    }

let private quick = { FsCheckConfig.defaultConfig with maxTest = 200; endSize = 30 }

[<Tests>]
let roundTrips =
    testList
        "Codec round trips"
        [ testPropertyWithConfig
              quick
              "promise 17: a record of records, options, lists, maps, sets, tuples, unions without fields comes back the same"
          <| Prop.forAll (Arb.fromGen cart) (fun cart -> roundTrip cart = cart)

          testPropertyWithConfig quick "promise 17: plain values come back the same"
          <| fun (n: int64, b: bool, s: NonEmptyString, f: NormalFloat, o: int option, xs: int option list) ->
              roundTrip n = n
              && roundTrip b = b
              && roundTrip s.Get = s.Get
              && roundTrip f.Get = f.Get
              && roundTrip o = o
              && roundTrip xs = xs

          test "promise 17: white space around a codec's text goes, that within it stays" {
              for text, kept in [ " 1\n", "1"; "\t{ \"a\" : [ 1 ] }\r\n", "{ \"a\" : [ 1 ] }" ] do
                  Expect.equal (Session.toJson (holding text)) $"{{\"k\":{kept}}}" "as every store gives it back"
          }

          test "promise 17: private and internal records, and records with private fields, come back the same" {
              let secret: Secret = { Word = "a"; Hint = Some "b" }
              Expect.equal (roundTrip secret) secret "private"
              Expect.equal (roundTrip { Books = [ secret ]; Width = 3 }) { Books = [ secret ]; Width = 3 } "internal"
              Expect.equal (roundTrip { Balance = 1.5m; Note = "n" }) { Balance = 1.5m; Note = "n" } "private fields"
              Expect.equal (roundTrip { Row = 1; Column = "c" }) { Row = 1; Column = "c" } "private struct"
              Expect.equal (roundTrip (Map [ Hearts, [ Spades ] ])) (Map [ Hearts, [ Spades ] ]) "private union"
          }

          test "† a private record is as complete as a public one" {
              Expect.equal
                  (decode<Secret> """{"Word":"a"}""")
                  (Ok(Some { Word = "a"; Hint = None }))
                  "a missing option is None"

              Expect.isError (decode<Secret> """{"Hint":"b"}""") "a missing field"
              Expect.isError (decode<Secret> """{"Word":null,"Hint":"b"}""") "a null field"
          }

          test "promise 17: struct records, struct and long tuples, anonymous and recursive records come back the same" {
              Expect.equal (roundTrip { X = 1; Y = 2; Tag = "t" }) { X = 1; Y = 2; Tag = "t" } "struct record"
              Expect.equal (roundTrip struct (1, "a", Some 2)) (struct (1, "a", Some 2)) "struct tuple"
              Expect.equal (roundTrip (1, 2, 3, 4, 5, 6, 7, 8)) (1, 2, 3, 4, 5, 6, 7, 8) "a tuple with a rest"
              Expect.equal (roundTrip {| A = 1; B = Some "x" |}) {| A = 1; B = Some "x" |} "anonymous record"
              Expect.equal (roundTrip (struct {| A = 1 |})) (struct {| A = 1 |}) "anonymous struct record"
              let tree = { Value = 1; Children = [ { Value = 2; Children = [] } ] }
              Expect.equal (roundTrip tree) tree "recursive record"
              Expect.equal (roundTrip (ValueSome 3)) (ValueSome 3) "voption"
              Expect.equal
                  (roundTrip (Some { X = 1; Y = 2; Tag = "" }))
                  (Some { X = 1; Y = 2; Tag = "" })
                  "option of record"
              Expect.equal (roundTrip ()) () "unit"
          }

          test "promise 17: an object with properties that can be set comes back the same" {
              let thing = Mutable(Count = 3)
              thing.Names.Add "a"
              let read = roundTrip thing
              Expect.equal (read.Count, List.ofSeq read.Names) (3, [ "a" ]) "its properties"
          }

          test "promise 17: a property that only its class may set comes back the same" {
              let basket = Basket(Name = "b")
              basket.Items.Add "a"
              let read = roundTrip basket
              Expect.equal (read.Name, List.ofSeq read.Items) ("b", [ "a" ]) "its items"
          }

          test "text in any script is kept, and cannot end a script in a page" {
              let text = "é 漢字 😀 \u0000 \" \\ \u2028 </script><!--"
              Expect.equal (roundTrip text) text "the same"
              let json = Session.empty "web" |> Session.set key<string> text |> Session.toJson
              Expect.isFalse (json.Contains '<') "no tag"
          }

          test "a union without fields is written as the name of its case" {
              let session = Session.empty "web" |> Session.set key<Map<Colour, Colour>> (Map [ Red, DarkBlue ])
              Expect.equal (Session.toJson session) """{"k":{"Red":"DarkBlue"}}""" "as key and as value"
          } ]

let private line' = """{"Sku":"a","Count":1,"Note":null}"""

[<Tests>]
let reading =
    testList
        "Codec reading"
        [ for json, why in
              [ """{"Sku":"a"}""", "a missing number"
                """{"Count":1}""", "a missing text"
                """{"Sku":null,"Count":1}""", "a null text"
                """{"Sku":"a","Count":null}""", "a null number"
                """{"Sku":"a","Count":"1"}""", "a number in quotes"
                """{"Sku":"a","Count":1.5}""", "a fraction"
                """{"Sku":"a","Sku":"b","Count":1}""", "a duplicate property"
                """{"sku":"a","count":1}""", "other letters' case"
                "null", "null"
                "[]", "an array"
                "\"a\"", "a string" ] do
              test $"† a record is not read from {why}" {
                  match decode<Line> json with
                  | Error error -> Expect.equal (error.Key, error.Type) ("k", "Line") "the error names key and type"
                  | Ok value -> failtest $"read as %A{value}"
              }

          test "† a record field that is an option may be missing or null: None" {
              let expected = Ok(Some { Sku = "a"; Count = 1; Note = None })
              Expect.equal (decode """{"Sku":"a","Count":1}""") expected "missing"
              Expect.equal (decode line') expected "null"
          }

          test "† nested record, list, map and tuple fields are never null" {
              Expect.isError (decode<{| L: Line |}> """{"L":null}""") "record"
              Expect.isError (decode<{| L: Line list |}> """{"L":null}""") "list"
              Expect.isError (decode<{| L: Map<string, int> |}> """{"L":null}""") "map"
              Expect.isError (decode<{| L: int * int |}> """{"L":null}""") "tuple"
              Expect.isError (decode<int list> "null") "a list itself"
              Expect.isError (decode<Map<string, int>> "null") "a map itself"
              Expect.isError (decode<int * Line> """{"Item1":1,"Item2":null}""") "in a tuple"
              Expect.isError (decode<Point> """{"X":1,"Y":2,"Tag":null}""") "in a struct record"
          }

          test "a tuple is complete too" {
              Expect.isError (decode<struct (int * string)> """{"Item1":1}""") "struct tuple"
              Expect.isError (decode<int * string> """{"Item1":1}""") "tuple"
          }

          test "a case that a union does not have, or no text at all, is an error" {
              for json in [ "\"Blue\""; "\"red\""; "null"; "1"; "{}" ] do
                  Expect.isError (decode<Colour> json) json
          }

          test "promise 17: properties that the record no longer has are no error" {
              let json = """{"Sku":"a","Count":1,"Price":5}"""
              Expect.equal (decode json) (Ok(Some { Sku = "a"; Count = 1; Note = None })) "read"
          }

          testPropertyWithConfig quick "promise 17: whatever is stored, reading it as another type never raises"
          <| Prop.forAll (Arb.fromGen cart) (fun cart ->
              let session = Session.empty "web" |> Session.set key<Cart> cart
              let answers f =
                  match f with
                  | Ok _ -> true
                  | Error(_: DecodeError) -> true
              Expect.isError (Session.decode key<int list> session) "a record is no list"
              answers (Session.decode key<Line> session)
              && answers (Session.decode key<Map<string, string>> session))

          test "jsonWith uses the options given" {
              let codec = Codec.jsonWith<Map<string, int>>(JsonSerializerOptions(WriteIndented = true))
              let session = Session.empty "web" |> Session.set (SessionKey.withCodec codec "k") (Map [ "a", 1 ])
              Expect.stringContains (Session.toJson session) "\n" "indented"
              Expect.equal (Session.tryGet (SessionKey.withCodec codec "k") session) (Some(Map [ "a", 1 ])) "read"
          } ]
