/// Types that System.Text.Json does not store whole, and some that it does.
module Runa.Session.Tests.LossyTypes

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

type Bag() =
    let lines = ResizeArray<string>()
    member val Name = "" with get, set
    member _.Add line = lines.Add line

type CountedBag() =
    let lines = ResizeArray<string>()
    member val Name = "" with get, set
    member _.Add line = lines.Add line

    [<JsonIgnore>]
    member _.Count = lines.Count

type Explicit =
    val mutable Shown: int
    val mutable private hidden: int
    new() = { Shown = 0; hidden = 0 }
    member e.Hide n = e.hidden <- n

type Marked() =
    [<JsonIgnore>]
    member val Cache: string | null = null with get, set

    member val Name = "" with get, set

type Named(name: string, count: int) =
    member _.Name = name
    member _.Count = count
    member _.Both = $"{name}{count}"

type Shouting(name: string) =
    let name = name + "!"
    member _.Name = name

type Trimmed() =
    let mutable name = ""

    member _.Name
        with get () = name
        and set (value: string) = name <- value.Trim()

type SelfAware() as this =
    let mutable n = 0
    let read () = this.Name
    member val Name = "" with get, set

    member _.N
        with get () = n
        and set value = n <- value

    member _.Read() = read ()

type Evented() =
    let changed = Event<int>()

    [<CLIEvent>]
    member _.Changed = changed.Publish

    member val Name = "" with get, set

type Defaulted() =
    [<JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)>]
    member val Count = 5 with get, set

type Quoted =
    { [<JsonNumberHandling(JsonNumberHandling.WriteAsString)>]
      Numbers: int list }

type Cached =
    { Name: string
      [<JsonIgnore>]
      Cache: string option }

type Extended() =
    member val Name = "" with get, set

    [<JsonExtensionData>]
    member val Others = Dictionary<string, JsonElement>() with get, set

type Tagged() =
    inherit ResizeArray<int>()
    let tags = ResizeArray<string>()
    member _.Tag tag = tags.Add tag

type FirstLetter() =
    inherit JsonConverter<Word>()
    override _.Read(reader, _, _) = Word(string (reader.GetString()))
    override _.Write(writer, word, _) = writer.WriteStringValue(word.Text.Substring(0, 1))

and [<JsonConverter(typeof<FirstLetter>)>] Word(text: string) =
    member _.Text: string = text

type Wrapped = { Node: JsonNode; Count: int }
