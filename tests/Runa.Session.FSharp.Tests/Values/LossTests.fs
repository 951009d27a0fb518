/// Promise 17: what would not come back is refused when it is set, and nothing else is.
module Runa.Session.Tests.LossTests

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Collections.ObjectModel
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open System.Text.Json.Serialization
open Expecto
open Runa.Session
open Runa.Session.Tests.LossyTypes
open Runa.Session.Tests.RoundTrips

[<Tests>]
let types =
    testList
        "Losses by type"
        [ test "promise 17: a class with a field that no stored property covers is refused at the first use" {
              refused "StringBuilder (what its field m_Chunk" (StringBuilder "a")
              refused "Bag (what its field lines holds would be lost" (Bag())
              refused "CountedBag (its property Count cannot be set, and what lines holds would be lost" (CountedBag())
              refused "Explicit (what its field hidden holds would be lost" (Explicit())
              refused "Exception (its property TargetSite cannot be set" (Exception "a")
              refused "MemoryStream (what its field _buffer" (new IO.MemoryStream())
              refused "Lazy<Int32> (its property IsValueCreated cannot be set, and what _state" (lazy 1)
              refused "Complex (its property Real cannot be set" (Numerics.Complex(1., 2.))
              refused "Index (its property Value cannot be set" (Index.FromEnd 1)
              refused "cannot store Cookie" (Net.Cookie("a", "b"))
              refused "cannot store PriorityQueue" (PriorityQueue<int, int>())
              refused "cannot store DataTable" (new Data.DataTable())
          }

          test "promise 17: what System.Text.Json refuses only with a value is refused with the type" {
              refused "does not write" typeof<int>
              refused "cannot store Type in AnonymousType<Type> (" {| Type = (null: Type | null) |}
              refused "does not write" 1n
              refused "does not write" (Action ignore)
              refused "does not write" (Array2D.zeroCreate<int> 1 1)
              refused "does not write" (Unchecked.defaultof<IAsyncEnumerable<int>>)
          }

          test "promise 17: a collection with state of its own is refused, also as a base or an interface" {
              refused "a collection with state of its own (tags)" (Tagged())
              refused "properties of its own (" (System.ComponentModel.BindingList<int>())
              refusedAfter (ResizeArray()) "Tagged (stored as List<Int32>" (Tagged() :> ResizeArray<int>)
              refusedAfter (ResizeArray() :> IList<int>) "state of its own (tags)" (Tagged() :> IList<int>)
              refusedAfter Seq.empty "state of its own (tags)" (Tagged() :> seq<int>)
              refusedAfter (Collection()) "ObservableCollection" (ObservableCollection [ 1 ] :> Collection<int>)
          }

          test "promise 17: classes whose whole state is stored come back" {
              let trimmed = roundTrip (Trimmed(Name = " a "))
              Expect.equal trimmed.Name "a" "a setter that computes"
              let named = roundTrip (Named("a", 1))
              Expect.equal (named.Name, named.Count, named.Both) ("a", 1, "a1") "set by the constructor"
              let aware = roundTrip (SelfAware(Name = "a", N = 2))
              Expect.equal (aware.Read(), aware.N) ("a", 2) "one that names itself"
              Expect.equal (roundTrip (Evented(Name = "a"))).Name "a" "with an event"
              Expect.equal (roundTrip (Marked(Name = "a", Cache = "c"))).Name "a" "with an ignored property"
              Expect.equal (roundTrip (Defaulted(Count = 6))).Count 6 "with a property that is sometimes left out"
              Expect.equal (roundTrip (extended "Other")).Others.Count 1 "with all other properties"
              Expect.equal (roundTrip { Name = "a"; Cache = Some "c" }) { Name = "a"; Cache = None } "an ignored field"
              same (Drawing.Point(1, 2))
              same (Numerics.Vector3(1f, 2f, 3f))
              same (KeyValuePair("a", 1))
              same (ref 1)
          }

          test "of typical types only the first value of a key is read back" {
              for t in
                  [ typeof<CodecTests.Cart>
                    typeof<CodecTests.Tree>
                    typeof<CodecTests.Point>
                    typeof<CodecTests.Account>
                    typeof<CodecTests.Mutable>
                    typeof<CodecTests.Basket>
                    typeof<Named>
                    typeof<AbsentValues.Mixed>
                    typeof<{| A: int; B: string option |}>
                    typeof<Dictionary<string, Uri>>
                    typeof<KeyValuePair<string, DateTime> list> ] do
                  Expect.equal (JsonTypes.verdict t) Verdict.Proven t.Name

              for t in
                  [ typeof<Trimmed>
                    typeof<Shouting>
                    typeof<Defaulted>
                    typeof<Quoted>
                    typeof<Extended>
                    typeof<Word list>
                    typeof<Wrapped> ] do
                  Expect.equal (JsonTypes.verdict t) Verdict.Unproven t.Name
          } ]

[<Tests>]
let values =
    testList
        "Losses by value"
        [ test "promise 17: a lone surrogate is refused in JSON nodes, extension data and addresses as in strings" {
              let text (value: string) : JsonNode | null = JsonValue.Create value
              refusedAfter
                  { Node = nonNull (JsonNode.Parse "1"); Count = 1 }
                  "Node would come back different"
                  { Node = JsonArray [| text lone |]; Count = 1 }
              refusedAfter (JsonObject()) "different" (JsonObject [ KeyValuePair(lone, text "a") ])
              refusedAfter (JsonArray()) "different" (JsonArray [| text lone |])
              refusedAfter (element "1") "" (element "\"\\ud800\"")
              refusedAfter (element "1") "" (element "{\"\\ud800\":1}")
              refusedAfter (extended "Other") "Others[] would come back different" (extended lone)
              refusedAfter (Uri "http://a/") "lone surrogate" (Uri("http://a/" + lone))
              refusedAfter (Map [ 'a', 1 ]) "lone surrogate" (Map [ '\uD800', 1 ])
          }

          test "promise 17: JSON that the decoder refuses is not stored" {
              refusedAfter (element "1") "cannot be read back" (element "{\"alice\":1,\"alice\":2}")
              refusedAfter
                  (JsonDocument.Parse "1")
                  "cannot be read back"
                  (JsonDocument.Parse "[{\"alice\":1,\"alice\":2}]")
              refusedAfter (extended "Other") "cannot be read back" (extended "Name")
              let deep = String.replicate 65 "[" + String.replicate 65 "]"
              refusedAfter (element "1") "" (JsonDocument.Parse(deep, JsonDocumentOptions(MaxDepth = 70)).RootElement)
              refusedAfter (element "1") "" Unchecked.defaultof<JsonElement>
              let caseless = JsonObject(JsonNodeOptions(PropertyNameCaseInsensitive = true))
              refusedAfter (JsonObject()) "different" caseless
          }

          test "promise 17: JSON elements and nodes come back" {
              for json in
                  [ "null"; "{\"a\":[1,null,1.50,\"é\\u0000\"]}"; String.replicate 60 "[" + String.replicate 60 "]" ] do
                  Expect.equal ((roundTrip (element json)).GetRawText()) json "an element"
                  Expect.isTrue (JsonNode.DeepEquals(roundTrip (JsonNode.Parse json), JsonNode.Parse json)) "a node"
          }

          test "promise 17: a value that converters, constructors or setters change is refused, each time anew" {
              refusedAfter (Word "a") "would come back different" (Word "alice")
              refusedAfter [ Word "a" ] "[] would come back different" [ Word "alice" ]
              refusedAfter (Defaulted()) "Count would come back different" (Defaulted(Count = 0))
              refusedAfter { Numbers = [] } "cannot be read back" { Numbers = [ 1 ] }
              let act () = session |> Session.set (SessionKey.create<Shouting> "k") (Shouting "a") |> ignore
              Expect.throwsC act (fun e -> Expect.stringContains e.Message "Name would come back different" "the way")
          }

          test "promise 17: a comparer that would be lost is refused" {
              let caseless = StringComparer.OrdinalIgnoreCase
              refusedAfter (HashSet()) "comparer" (HashSet<string> caseless)
              refusedAfter (Dictionary()) "comparer" (Dictionary<string, int> caseless)
              refusedAfter (dict []) "comparer" (Dictionary<string, int> caseless :> IDictionary<string, int>)
              refusedAfter {| S = HashSet() |} "" {| S = HashSet<string> caseless |}
              refusedAfter (SortedSet()) "comparer" (SortedSet<string> StringComparer.Ordinal)
              refusedAfter (SortedDictionary()) "comparer" (SortedDictionary<string, int> caseless)
              refusedAfter (ConcurrentDictionary()) "comparer" (ConcurrentDictionary<string, int> caseless)
              sameItems (HashSet<string>([ "a" ], StringComparer.Ordinal))
              sameItems (SortedSet [ "b"; "a" ])
              sameItems (HashSet<string>([ "a" ], HashIdentity.Structural))
          }

          test "promise 17: collections that hand out their items in another order are no loss" {
              let removed = HashSet [ 1; 2; 3; 4 ]
              removed.ExceptWith [ 1; 2 ]
              removed.UnionWith [ 9; 10 ]
              Expect.isTrue (removed.SetEquals(roundTrip removed)) "a set with gaps"
              let many = [ for n in 1..500 -> KeyValuePair(string n, n) ]
              Expect.equal (roundTrip (ConcurrentDictionary many)).Count 500 "a concurrent dictionary"
              let mutable evaluated = 0
              let lazily =
                  seq {
                      evaluated <- evaluated + 1
                      1
                  }
              sameItems (ObservableCollection [ 1; 2 ])
              session |> Session.set (SessionKey.create<seq<int>> "k") lazily |> ignore
              Expect.equal evaluated 1 "a lazy sequence is made once"
          }

          test "promise 17: numbers, times and addresses come back, or are refused" {
              refusedAfter 1. "" nan
              refusedAfter [ 1f ] "" [ Single.PositiveInfinity ]
              refusedAfter Half.One "" Half.NaN
              same (enum<DayOfWeek> 99)
              same (Map [ enum<DayOfWeek> 99, 1 ])
              same Int128.MinValue
              same (Half.Parse("1.5", Globalization.CultureInfo.InvariantCulture))
              same TimeSpan.MinValue
              same DateTimeOffset.MaxValue
              same DateTime.Now
              same (System.Version(1, 2, 3))
              same (Uri("/a/b?c", UriKind.Relative))
              same (Uri("/a/b", UriKind.Absolute))
              same (Map [ 1, Uri("//a/b", UriKind.Absolute) ])

              let zone = TimeZoneInfo.Local
              let edges =
                  [ DateTime.MinValue; DateTime.MaxValue ]
                  |> List.map (fun t -> DateTime.SpecifyKind(t, DateTimeKind.Local))

              for time in edges do
                  let exists = time.ToUniversalTime().ToLocalTime() = time
                  let key = SessionKey.create<DateTime> "k"

                  if exists then
                      same time
                  else
                      Expect.throwsT<ArgumentException> (fun () -> session |> Session.set key time |> ignore) zone.Id
          } ]
