/// Load, Create, Replace, Touch and Delete, one after another.
module internal Runa.Session.Conformance.RecordTests

open System
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records

/// Keys that a store could take for one another: a bit apart, of zeros and ones only, texts that differ in case only.
let private similarKeys () : StoreKey list =
    let key (bytes: byte[]) = StoreKey.ofBytes (ReadOnlySpan bytes)
    let random = StoreKey.toBytes (newKey ())

    let flipped index bit =
        let bytes = Array.copy random
        bytes[index] <- bytes[index] ^^^ bit
        key bytes

    let swapCase (text: string) =
        text
        |> String.map (fun c -> if Char.IsUpper c then Char.ToLowerInvariant c else Char.ToUpperInvariant c)

    [ key random
      flipped 0 0x80uy
      flipped 0 1uy
      flipped 7 1uy
      flipped 8 0x80uy
      flipped 15 1uy
      key (Array.rev random)
      // The last character has spare bits, so it stays as it is.
      match (StoreKey.toText (key random)) with
      | text ->
          match StoreKey.ofText (swapCase (text.Substring(0, 21)) + text.Substring 21) with
          | Some other -> other
          | None -> () ]
    |> List.distinct

let tests (under: DriverUnderTest) : Test =
    let test = Bench.test under

    testList
        "records"
        [ test [ Need.Store ] "promise 17: what is created is loaded, equal"
          <| fun bench ->
              task {
                  let record = live (newScope ()) bench.Now
                  let! key = Ask.store bench.Driver record
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "loaded" record
              }

          test
              [ Need.Store ]
              "promise 3, 9: under a key that was never created nothing is found, replaced, touched or deleted"
          <| fun bench ->
              task {
                  let key = newKey ()
                  let record = live (newScope ()) bench.Now
                  let! replaced = Ask.replace bench.Driver key record.Version record
                  replaced |> Ask.isMissing "replace"
                  let! touched = Ask.touch bench.Driver key (bench.Now + TimeSpan.FromMinutes 5.)
                  touched |> Expect.isFalse "touch"
                  let! deleted = Ask.delete bench.Driver key
                  deleted |> shouldBeGone "deleted"
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone "loaded"
                  let! created = Ask.create bench.Driver key record
                  created |> Expect.isTrue "create"
              }

          test [ Need.Store ] "promise 3: create never overwrites"
          <| fun bench ->
              task {
                  let first = live (newScope ()) bench.Now
                  let! key = Ask.store bench.Driver first
                  let! isCreated = Ask.create bench.Driver key (first |> again |> withValue "visits" "2")
                  isCreated |> Expect.isFalse "it exists"
                  let! isCreated = Ask.create bench.Driver key first
                  isCreated |> Expect.isFalse "it exists, even where the records are the same"
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "the first one" first
              }

          test [ Need.Store ] "replace at the version that stands replaces the whole record"
          <| fun bench ->
              task {
                  let first =
                      live (newScope ()) bench.Now
                      |> withValue "gone" "true"
                      |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                      |> withState (fun state ->
                          { state with
                              Flashes = [ { Id = 7L; Key = "notice"; Json = "\"hello\"" } ]
                              Label = Some "Firefox"
                              Claims = Map [ "role", [ "admin" ] ] })

                  let! key = Ask.store bench.Driver first
                  bench.Clock.Advance(TimeSpan.FromSeconds 10.)
                  let second = live first.Scope bench.Now |> withValue "visits" "2"
                  let! replaced = Ask.replace bench.Driver key first.Version second
                  replaced |> Ask.isReplaced "there"
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "without anything of the first" second
                  let! replaced = Ask.replace bench.Driver key second.Version (again first)
                  replaced |> Ask.isReplaced "and back"
              }

          test [ Need.Swap ] "promise 12: replace at another version is refused with what stands, and changes nothing"
          <| fun bench ->
              task {
                  let first = live (newScope ()) bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                  let! key = Ask.store bench.Driver first
                  let second = first |> again |> withValue "visits" "2"
                  let! replaced = Ask.replace bench.Driver key first.Version second
                  replaced |> Ask.isReplaced "the first write"
                  let! late = Ask.replace bench.Driver key first.Version (first |> again |> withValue "visits" "9")
                  late |> Ask.isConflict "a late write" second
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "what stands" second
              }

          test [ Need.Swap ] "promise 12: versions are compared in all their 64 bits"
          <| fun bench ->
              task {
                  let versions =
                      [ 0L
                        1L
                        -1L
                        Int64.MinValue
                        Int64.MinValue + 1L
                        Int64.MaxValue
                        Int64.MaxValue - 1L
                        1L <<< 32
                        // A double cannot tell it from its neighbour.
                        (1L <<< 53) + 1L
                        -(1L <<< 53) - 1L ]

                  for version in versions do
                      let stored = { live (newScope ()) bench.Now with Version = RecordVersion.RecordVersion version }
                      let! key = Ask.store bench.Driver stored

                      for other in [ version + 1L; version - 1L; version ^^^ (1L <<< 32); version ^^^ Int64.MinValue ] do
                          let! result = Ask.replace bench.Driver key (RecordVersion.RecordVersion other) (again stored)
                          result |> Ask.isConflict $"{other} where {version} stands" stored

                      let! result = Ask.replace bench.Driver key stored.Version (again stored)
                      result |> Ask.isReplaced $"{version}"
              }

          test [ Need.Store ] "promise 9: after a delete nothing is replaced or touched, and the record stays gone"
          <| fun bench ->
              task {
                  let record = live (newScope ()) bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                  let! key = Ask.store bench.Driver record
                  let! deleted = Ask.delete bench.Driver key
                  deleted |> shouldBeThere "what was deleted" record
                  let! touched = Ask.touch bench.Driver key (bench.Now + TimeSpan.FromMinutes 30.)
                  touched |> Expect.isFalse "a late touch"
                  let! replaced = Ask.replace bench.Driver key record.Version (again record)
                  replaced |> Ask.isMissing "a late write"
                  let! deleted = Ask.delete bench.Driver key
                  deleted |> shouldBeGone "deleted twice"
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone "loaded"
              }

          test [ Need.Store ] "delete answers what stood last"
          <| fun bench ->
              task {
                  let first = live (newScope ()) bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                  let! key = Ask.store bench.Driver first
                  let second = first |> again |> withValue "visits" "2" |> withOwner (Some(newOwner ()))
                  let! replaced = Ask.replace bench.Driver key first.Version second
                  replaced |> Ask.isReplaced "the write"
                  let later = bench.Now + TimeSpan.FromMinutes 25.
                  let! touched = Ask.touch bench.Driver key later
                  touched |> Expect.isTrue "touched"
                  let! deleted = Ask.delete bench.Driver key
                  deleted |> shouldBeThere "written and touched" (SessionRecord.touch later second)
              }

          test [ Need.Store ] "promise 4: a tombstone keeps its successor, in every answer"
          <| fun bench ->
              task {
                  let record = live (newScope ()) bench.Now |> withOwner (Some(newOwner ()))
                  let! key = Ask.store bench.Driver record
                  let stone = record |> tombstone (newKey ())
                  let! replaced = Ask.replace bench.Driver key record.Version stone
                  replaced |> Ask.isReplaced "moved"
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "loaded" stone

                  let! deleted = Ask.delete bench.Driver key
                  deleted |> shouldBeThere "deleted" stone
              }

          test [ Need.Swap ] "promise 4: a write that comes after the session has moved meets the tombstone"
          <| fun bench ->
              task {
                  let record = live (newScope ()) bench.Now
                  let! key = Ask.store bench.Driver record
                  let stone = record |> tombstone (newKey ())
                  let! replaced = Ask.replace bench.Driver key record.Version stone
                  replaced |> Ask.isReplaced "moved"
                  let! late = Ask.replace bench.Driver key record.Version (again record)
                  late |> Ask.isConflict "a late write" stone
              }

          test [ Need.Store ] "keys that are almost the same are different keys"
          <| fun bench ->
              task {
                  let keys = similarKeys ()
                  let records =
                      keys |> List.mapi (fun index _ -> live (newScope ()) bench.Now |> withValue "n" $"{index}")

                  for key, record in List.zip keys records do
                      let! isCreated = Ask.create bench.Driver key record
                      isCreated |> Expect.isTrue "a key of its own"

                  for key, record in List.zip keys records do
                      let! loaded = Ask.load bench.Driver key
                      loaded |> shouldBeThere "its own record" record
                      let! deleted = Ask.delete bench.Driver key
                      deleted |> shouldBeThere "deleted alone" record
              }

          test [ Need.Store ] "promise 27: what one process writes, another one sees at once"
          <| fun bench ->
              task {
                  let! other = bench.OpenAnother()
                  let first = live (newScope ()) bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                  let! key = Ask.store bench.Driver first
                  let! loaded = Ask.load other key
                  loaded |> shouldBeThere "created" first
                  let second = first |> again |> withValue "visits" "2"
                  let! replaced = Ask.replace other key first.Version second
                  replaced |> Ask.isReplaced "by the other"
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "replaced" second
                  let later = bench.Now + TimeSpan.FromMinutes 30.
                  let! touched = Ask.touch bench.Driver key later
                  touched |> Expect.isTrue "touched"
                  let! loaded = Ask.load other key
                  loaded |> shouldBeThere "touched" (SessionRecord.touch later second)
                  let! _ = Ask.delete other key
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone "deleted"
              } ]
