/// What a key refuses: types and texts that would lose or forge something.
module Runa.Session.Tests.SessionKeyTests

open System
open System.Collections.Generic
open System.Text.Json
open Expecto
open Runa.Session

type Theme =
    | Light
    | Custom of colour: string

[<AbstractClass>]
type Shape() =
    abstract Area: int

type Square() =
    inherit Shape()
    override _.Area = 1

type Animal() =
    member val Name = "" with get, set

type Dog() =
    inherit Animal()
    member val Tricks = 0 with get, set

type Counter(start: int) =
    let mutable n = start
    member _.Next() = n <- n + 1

type Meter(start: int) =
    let mutable count = start
    member val Name = "" with get, set
    member _.Start = start
    member _.Twice = 2 * start
    member _.Count = count
    member _.Add() = count <- count + 1

type Closed private (n: int) =
    member _.N = n
    static member Make n = Closed n

type Renamed(name: string) =
    member val Number = 0 with get, set
    member _.Title = name

type Labelled() =
    inherit ResizeArray<int>()
    member val Label = "" with get, set

type Node() =
    member val Next: Node | null = null with get, set

type Wrapper<'T> = { Inner: 'T; Other: int }
type Deep<'T> = { Level: Map<string, Wrapper<'T list> option> }

let private session = Session.empty "web"

/// Making the key must not raise; each first use must, with a message of these parts.
let private refused<'T> (typeName: string) (value: 'T) =
    let key = SessionKey.create<'T> "theme"

    for use', act in
        [ "set", (fun () -> session |> Session.set key value |> ignore)
          "tryGet", (fun () -> session |> Session.tryGet key |> ignore)
          "decode", (fun () -> session |> Session.decode key |> ignore)
          "has", (fun () -> session |> Session.has key |> ignore)
          "remove", (fun () -> session |> Session.remove key |> ignore)
          "flash", (fun () -> session |> Session.flash key value |> ignore)
          "takeFlashes", (fun () -> session |> Session.takeFlashes key |> ignore)
          "a second set", (fun () -> session |> Session.set key value |> ignore) ] do
        try
            act ()
            failtest $"{use'} did not raise"
        with :? NotSupportedException as e ->
            for part in [ "Key \"theme\""; typeName; "SessionKey.withCodec" ] do
                Expect.stringContains e.Message part use'

/// Through a codec that hands out the text as it is.
let private forged (text: string) =
    session
    |> Session.set (SessionKey.create<int> "a") 1
    |> Session.set (SessionKey.withCodec (Codec.ofFunctions (fun () -> text) (fun _ -> Ok())) "k") ()

[<Tests>]
let types =
    testList
        "SessionKey types"
        [ test "† a union with fields is refused at the first use, wherever it hides" {
              refused "Theme (a union with fields)" (Custom "red")
              refused "Theme" [ Light ]
              refused "Theme" (Some Light)
              refused "Theme" (Map [ "a", Light ])
              refused "Theme" { Inner = Light; Other = 1 }
              refused "Theme" { Level = Map.empty<string, Wrapper<Theme list> option> }
              refused "Theme" (struct (1, Light))
              refused "FSharpResult" (Ok 1: Result<int, string>)
              refused "FSharpChoice" (Choice1Of2 1: Choice<int, string>)
          }

          test "† a nested option is refused at the first use" {
              refused "FSharpOption" (Some(Some 1))
              refused "FSharpValueOption" (ValueSome(Some 1))
              refused "FSharpOption" { Inner = [ Some(Some "a") ]; Other = 1 }
              refused "FSharpOption" (Some())
              refused "FSharpOption" (Some(Nullable 1))
          }

          test "† bigint is refused at the first use" {
              refused "BigInteger" 5I
              refused "BigInteger" { Inner = 5I; Other = 1 }
              refused "BigInteger" (Map [ 5I, 1 ])
          }

          test "† an abstract base and obj are refused at the first use" {
              refused "Shape" (Square() :> Shape)
              refused "Shape" [ Square() :> Shape ]
              refused "Object" (box 1)
              refused "Object" (dict [ "a", box 1 ])
          }

          test "other types that System.Text.Json would lose are refused: functions, stacks, hidden state" {
              refused "FSharpFunc" id<int>
              refused "Stack" (Stack [ 1 ])
              refused "Counter" (Counter 1)
              refused "Tuple" (Map [ (1, 2), 3 ])
          }

          test "promise 17: a member that would be written and never read is refused, with what to change" {
              refused "Meter (its property Count cannot be set, and what count holds would be lost)" (Meter 1)
              refused "Closed (it has no public constructor" (Closed.Make 1)
              refused "Renamed (a parameter of its constructor has no property of its name)" (Renamed "a")
              refused "Labelled (a collection with properties of its own" (Labelled())
          }

          test "promise 17: a collection that could be written and not read is refused" {
              refused "ReadOnlyCollection" (System.Collections.ObjectModel.ReadOnlyCollection [| 1 |])
              refused "ArraySegment" (ArraySegment [| 1 |])
              refused "IReadOnlySet" (HashSet [ 1 ] :> IReadOnlySet<int>)
              refused "ConcurrentBag" {| Items = System.Collections.Concurrent.ConcurrentBag [ 1 ] |}
          }

          test "† a value of a derived class is refused where its base would be stored" {
              let key = SessionKey.create<Animal list> "pets"
              let kept = session |> Session.set key [ Animal(Name = "Rex") ]
              Expect.equal (Session.tryGet key kept |> Option.map (List.map _.Name)) (Some [ "Rex" ]) "the base itself"
              let act () = session |> Session.set key [ Dog() ] |> ignore
              Expect.throwsT<NotSupportedException> act "the derived"
          }

          test "† making a key for any type and any name raises nothing" {
              let names =
                  [ (SessionKey.create<Theme> "a").Name
                    SessionKey<bigint>("b").Name
                    (SessionKey.create<Option<Option<int>>> "").Name ]

              Expect.equal names [ "a"; "b"; "" ] "made"
          }

          test "an empty name raises at the first use" {
              let act () = session |> Session.set (SessionKey.create<int> "") 1 |> ignore
              Expect.throwsT<ArgumentException> act "refused"
          }

          test "a name that is not valid Unicode raises at the first use, each time" {
              for name in [ String('\uD800', 1); String([| 'a'; '\uDC00'; 'b' |]); String [| '\uDC00'; '\uD800' |] ] do
                  let key = SessionKey.create<int> name

                  for act in
                      [ fun () -> session |> Session.set key 1 |> ignore
                        fun () -> session |> Session.tryGet key |> ignore
                        fun () -> session |> Session.flash key 1 |> ignore
                        fun () -> session |> Session.remove key |> ignore ] do
                      Expect.throwsC act (fun e ->
                          Expect.isTrue (e :? ArgumentException) $"which error: {e}"
                          Expect.stringContains e.Message "key is not valid Unicode" "why")

              let pair = SessionKey.create<int>(String [| '\uD83D'; '\uDE00' |])
              Expect.equal (session |> Session.set pair 1 |> Session.tryGet pair) (Some 1) "a pair is valid"
          }

          test "withCodec stores what Codec.json refuses" {
              let write theme =
                  match theme with
                  | Light -> "\"light\""
                  | Custom colour -> JsonSerializer.Serialize [ colour ]

              let read (text: string) =
                  match text with
                  | "\"light\"" -> Ok Light
                  | text -> Ok(Custom(JsonSerializer.Deserialize<string[]> text |> nonNull |> Array.head))

              let key = SessionKey.withCodec (Codec.ofFunctions write read) "theme"
              Expect.equal (session |> Session.set key (Custom "red") |> Session.tryGet key) (Some(Custom "red")) "read"
          } ]

[<Tests>]
let texts =
    testList
        "SessionKey texts"
        [ for text in
              [ "1,\"admin\":true"
                "1}{\"admin\":true"
                "{}]"
                "\"a\",\"owner\":\"b\""
                ""
                "1 2"
                "{\"a\":1"
                "\"" + string '\uD800' + "\"" ] do
              test $"† a codec cannot forge the neighbours of its value: %A{text}" {
                  try
                      let forgery = forged text
                      failtest $"it was stored: {Session.toJson forgery}"
                  with :? ArgumentException as e ->
                      Expect.stringContains e.Message "Key \"k\"" "the key is named"
                      Expect.isFalse (text <> "" && e.Message.Contains text) "promise 5: the text is not"
              }

          testProperty "† whatever a codec returns, the keys are those that were set, or nothing is"
          <| fun (tail: string | null) ->
              let tail =
                  match tail with
                  | null -> ""
                  | tail -> tail

              try
                  use document = JsonDocument.Parse(Session.toJson (forged ("1" + tail)))
                  let names = [ for property in document.RootElement.EnumerateObject() -> property.Name ]
                  names = [ "a"; "k" ]
              with :? ArgumentException ->
                  true

          test "a lone surrogate is refused, not replaced" {
              for lone in [ string '\uD800'; "a" + string '\uDC00' + "b"; string '\uDC00' + string '\uD800' ] do
                  for act in
                      [ fun () -> session |> Session.set (SessionKey.create<string> "k") lone |> ignore
                        fun () -> session |> Session.set (SessionKey.create<string list> "k") [ lone ] |> ignore
                        fun () ->
                            session |> Session.set (SessionKey.create<Map<string, int>> "k") (Map [ lone, 1 ]) |> ignore
                        fun () -> session |> Session.set (SessionKey.create<char> "k") '\uD800' |> ignore ] do
                      Expect.throwsT<ArgumentException> act "refused"
          }

          test "a value that cannot be stored raises ArgumentException with the key's name and no value" {
              let loop = Node()
              loop.Next <- loop

              for act in
                  [ fun () -> session |> Session.set (SessionKey.create<float> "k") nan |> ignore
                    fun () ->
                        session
                        |> Session.set (SessionKey.create<Map<string, Node>> "k") (Map [ "alice", loop ])
                        |> ignore ] do
                  try
                      act ()
                      failtest "it was stored"
                  with :? ArgumentException as e ->
                      Expect.stringContains e.Message "Key \"k\"" "the key"
                      Expect.isFalse (string e |> _.Contains("alice")) "promise 5: keys of maps are values"
          }

          test "a decoder that raises is a decode error" {
              let codec = Codec.ofFunctions string (fun _ -> failwith<Result<int, string>> "boom")
              let key = SessionKey.withCodec codec "k"

              match session |> Session.set key 1 |> Session.decode key with
              | Error error -> Expect.stringContains error.Reason "boom" "the reason"
              | Ok value -> failtest $"read as %A{value}"
          }

          test "a key prints its type and name" {
              Expect.equal (string (SessionKey.create<int> "visits")) "SessionKey<Int32> \"visits\"" "printed"
          } ]
