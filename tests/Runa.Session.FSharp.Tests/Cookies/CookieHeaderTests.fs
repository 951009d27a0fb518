/// The Cookie header as it came, and the session's token in it.
module Runa.Session.Tests.CookieHeaderTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Microsoft.Extensions.Primitives
open Runa.Session

/// All values of a name, in order, of a header with these lines.
let private valuesIn (name: string) (lines: StringValues) : string list =
    let mutable walk = CookieWalk(lines, name)
    let values = ResizeArray<string>()

    while walk.Next() do
        values.Add(walk.Value.ToString())
        Expect.equal (walk.Text.ToString()) (walk.Value.ToString()) "the span is the slice"

    Expect.isFalse (walk.Next()) "after the last there is none"
    List.ofSeq values

let private values (name: string) (header: string) : string list = valuesIn name (StringValues header)

let private several (lines: (string | null) list) = StringValues(Array.ofList lines)

/// What a plain split finds, line by line.
let private plainly (name: string) (lines: (string | null) list) : string list =
    let blank = [| ' '; '\t' |]

    [ for line in lines do
          match line with
          | null -> ()
          | line ->
              for part in line.Split ';' do
                  match part.Split('=', 2) with
                  | [| before; value |] when before.Trim blank = name -> value.Trim blank
                  | _ -> () ]

/// Of what headers are made of, and of what resembles it.
let private line: Gen<string | null> =
    let piece =
        Gen.elements
            [ "a"
              "a"
              "a"
              "="
              "="
              "="
              ";"
              ";"
              ";"
              " "
              "\t"
              "b"
              "aa"
              "A"
              "\""
              ","
              "%3B"
              "é"
              "1"
              "2" ]

    Gen.frequency
        [ 1, Gen.constant null
          8, Gen.listOf piece |> Gen.map (fun pieces -> (String.Join("", pieces): string | null)) ]

let private setup =
    SessionSetup.empty
    |> SessionSetup.application "shop"
    |> SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz-first" ]

let private make (session: SessionDefinition) =
    let token = session.Token.Create()
    token.Text, token.Key

/// The store key that the header's lines lead to, and whether a foreign token was seen.
let private search (session: SessionDefinition) (lines: string list) : StoreKey option * bool =
    let mutable sawForeign = false

    match Engine.findToken (session, StringValues(Array.ofList lines), &sawForeign) with
    | ValueSome place -> Some place.Key, sawForeign
    | ValueNone -> None, sawForeign

let private name = "__Host-runa_session"
let private pair value = $"{name}={value}"
let private foreign = (make (Engine.definition (SessionRegistry.create setup) "admin")) |> fst

let private withWeb (act: SessionDefinition -> unit) =
    use registry = SessionRegistry.create setup
    act (Engine.definition registry "web")

/// Headers of several lines, and the values of a in them.
let private linesOfA: (string * (string | null) list * string list) list =
    [ "no line", [], []
      "a null", [ null ], []
      "nulls and empty lines", [ null; ""; null; "" ], []
      "one on each line", [ "a=1"; "a=2"; "a=3" ], [ "1"; "2"; "3" ]
      "several on several lines", [ "a=1; a=2"; "b=1"; "b=2; a=3; a=4" ], [ "1"; "2"; "3"; "4" ]
      "nulls and empty lines in between", [ null; "a=1"; ""; null; "a=2"; null ], [ "1"; "2" ]
      "none on the first and the last line", [ "b=1"; "a=1"; "b=2" ], [ "1" ]
      "a short line after a long one", [ "b=1; b=2; b=3; a=1"; "a=2" ], [ "1"; "2" ]
      "a pair does not go on on the next line", [ "a"; "=1"; "a="; "2" ], [ "" ]
      "a line that ends with a semicolon", [ "a=1;"; "; a=2" ], [ "1"; "2" ]
      "the same value twice", [ "a=1; a=1"; "a=1" ], [ "1"; "1"; "1" ] ]

[<Tests>]
let reading =
    testList
        "CookieHeader"
        [ for header, expected in
              [ "", []
                "a=1", [ "1" ]
                "a=1; b=2; a=3", [ "1"; "3" ]
                "b=2;a=1;", [ "1" ]
                ";;; a=1 ;;", [ "1" ]
                " \ta \t=\t 1 \t", [ "1" ]
                "a=", [ "" ]
                "a", []
                "a; a=1", [ "1" ]
                "=1", []
                "a=b=c", [ "b=c" ]
                "a==", [ "=" ]
                "a=\"1\"", [ "\"1\"" ]
                "aa=1; a.b=2; xa=3; a b=4", []
                "b=a=1", []
                "a=1,a=2", [ "1,a=2" ]
                "a=%41%3B; b=1", [ "%41%3B" ] ] do
              test $"the values of a in {header}" { Expect.equal (values "a" header) expected "as they stand" }

          test "† names are compared exactly: neither case, nor percent-encoding, nor a look-alike counts" {
              for other in
                  [ "__HOST-runa_session"
                    "__host-runa_session"
                    "__Host-runa_Session"
                    "%5F_Host-runa_session"
                    "__Host-runa_sessio\u200Bn"
                    "__Host-runa_session2"
                    "x__Host-runa_session"
                    "__Host%2Druna_session" ] do
                  Expect.equal (values name $"{other}=1") [] other
          }

          for what, lines, expected in linesOfA do
              test $"the values of a: {what}" { Expect.equal (valuesIn "a" (several lines)) expected "in order" }

          test "what is found on lines of any kind is what a plain split finds" {
              let lines = Gen.listOf line |> Gen.resize 6

              Check.One(
                  Config.QuickThrowOnFailure.WithMaxTest(3000).WithQuietOnSuccess true,
                  Prop.forAll (Arb.fromGen lines) (fun lines ->
                      let found = valuesIn "a" (several lines)
                      found = plainly "a" lines)
              )
          }

          testProperty "what is found is what a plain split finds"
          <| fun (pieces: string list) ->
              let header = String.Join(';', pieces |> List.collect (fun piece -> [ piece; "a=" + piece; "b=1" ]))

              values "a" header = plainly "a" [ header ] ]

[<Tests>]
let search' =
    testList
        "TokenSearch"
        [ test "the token is found among other cookies, on any line of the header" {
              withWeb (fun web ->
                  let text, key = make web

                  for lines in
                      [ [ pair text ]
                        [ $"a=1; {pair text}; b=2" ]
                        [ "a=1"; ""; $"b=2;{pair text}" ]
                        [ pair "junk"; pair text ] ] do
                      Expect.equal (search web lines) (Some key, false) $"%A{List.length lines} lines")
          }

          test "† the first valid of several candidates wins" {
              withWeb (fun web ->
                  let first, firstKey = make web
                  let second, _ = make web
                  Expect.equal (search web [ $"{pair first}; {pair second}" ]) (Some firstKey, false) "the first"
                  Expect.equal
                      (search web [ $"{pair foreign}; {pair first}; {pair second}" ])
                      (Some firstKey, true)
                      "after a foreign one")
          }

          test "† four candidates are tried, over all lines together, and no fifth" {
              withWeb (fun web ->
                  let text, key = make web
                  let junk count = List.replicate count (pair "planted")
                  Expect.equal
                      (search web [ String.Join("; ", junk 3 @ [ pair text ]) ])
                      (Some key, false)
                      "the fourth"
                  Expect.equal (search web [ String.Join("; ", junk 4 @ [ pair text ]) ]) (None, false) "the fifth"
                  Expect.equal (search web (junk 3 @ [ pair text ])) (Some key, false) "the fourth line"
                  Expect.equal (search web (junk 4 @ [ pair text ])) (None, false) "the fifth line"
                  let others = List.replicate 50 "other=1"
                  Expect.equal (search web (others @ [ pair text ])) (Some key, false) "other names do not count")
          }

          test "† a percent-encoded token is not decoded" {
              withWeb (fun web ->
                  let text, _ = make web
                  let encoded = String.Join("", text |> Seq.map (fun c -> $"%%{int c:X2}"))
                  Expect.equal (search web [ pair encoded ]) (None, false) "all of it"
                  Expect.equal
                      (search web [ pair ($"%%{int text[0]:X2}" + text.Substring 1) ])
                      (None, false)
                      "one of it")
          }

          test "promise 2: a web token sent as the admin cookie is ignored" {
              use registry = SessionRegistry.create setup
              let text, _ = make (Engine.definition registry "web")
              let lines = [ $"__Host-runa_admin_session={text}" ]
              Expect.equal (search (Engine.definition registry "admin") lines) (None, true) "foreign"
              Expect.equal
                  (search (Engine.definition registry "web") lines)
                  (None, false)
                  "nor is it found under its own name"
          }

          test "no header, and lines that are null, hold no token" {
              withWeb (fun web ->
                  let mutable sawForeign = false
                  let find (lines: StringValues) = (Engine.findToken (web, lines, &sawForeign)).IsNone
                  Expect.isTrue (find StringValues.Empty) "none"
                  Expect.isTrue (find (StringValues(null: string | null))) "a null"
                  Expect.isTrue (find (StringValues([| null; "" |]: (string | null)[]))) "nulls")
          } ]
