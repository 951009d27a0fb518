/// What was stored is what is read.
module internal Runa.Session.Conformance.ValueTests

open System
open System.Text
open System.Text.Encodings.Web
open System.Text.Json
open Expecto
open FsCheck
open FsCheck.FSharp
open Runa.Session
open Runa.Session.Conformance.Records

let private plain = JsonSerializerOptions(Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

/// A JSON string as short as it can be: everything but quotes, backslashes and controls as it is.
let private jsonString (text: string) : string = JsonSerializer.Serialize(text, plain)

/// Texts that stores and formats stumble over.
let texts: string list =
    [ " "
      " leading and trailing "
      "tab\tnew\nline\r\nreturn"
      "nul\u0000inside"
      "\u0000"
      "\u0001\u0008\u001b\u007f\u0085\u2028\u2029\ufeff"
      "quotes \" ' ` and back\\slash / slash"
      "'; DROP TABLE sessions; --"
      "%s %d {0} $1 :name @p0 ?"
      "*?[a-z]^$\\"
      "<script>&amp;</script>"
      "日本語 한국어 العربية עברית"
      "e\u0301 and \u00e9"
      "👩‍👩‍👧‍👦 🏳️‍🌈 𝔘𝔫𝔦"
      // The last code points of several planes, and private ones.
      "\uffff\ue000\U00010000\U0001fffe\U000e0001\U0010ffff"
      "null"
      "true"
      "0x00ff"
      "AAECAwQF/+8="
      "version"
      "values"
      "__proto__" ]

/// JSON texts that a reader could spell anew: each must come back letter by letter.
let documents: string list =
    [ "null"
      "true"
      "\"\""
      "[]"
      "{}"
      "0"
      "-0"
      "-0.0"
      "1.0"
      "1.10"
      "1e5"
      "1E+5"
      "1e-400"
      "9007199254740993"
      "12345678901234567890123456789.12345678901234567890"
      "0.1000000000000000055511151231257827"
      "{ \"a\" : [ 1 ,\n\t2 ] , \"b\":{ } }"
      "[1,2,\r\n3]"
      "\"\\u00e9\""
      "\"é\""
      "\"\\/\""
      "\"/\""
      "\"\\ud83d\\ude00\""
      "\"\\u0000\\u001f\""
      "{\"a\":1,\"a\":2}"
      "{\"\":1}"
      "{\"version\":\"x\",\"values\":{}}" ]

let private nested (depth: int) = String('[', depth) + String(']', depth)

let private storedAs (bench: Bench) (what: string) (record: SessionRecord) =
    task {
        let! key = Ask.store bench.Driver record
        let! loaded = Ask.load bench.Driver key
        loaded |> shouldBeThere $"{what}, created" record
        let written = again record
        let! replaced = Ask.replace bench.Driver key record.Version written
        replaced |> Ask.isReplaced what
        let! deleted = Ask.delete bench.Driver key
        deleted |> shouldBeThere $"{what}, replaced" written
    }

let private withTexts (text: string) (record: SessionRecord) : SessionRecord =
    record
    |> withValue text (jsonString text)
    |> withState (fun state ->
        { state with
            Flashes =
                [ { Id = Int64.MinValue; Key = text; Json = jsonString text }
                  { Id = Int64.MaxValue; Key = "b"; Json = "1" }
                  { Id = -1L; Key = text; Json = JsonSerializer.Serialize text } ]
            Owner = Some $"{Guid.NewGuid():N}{text}"
            Claims = Map [ text, [ text; ""; text ]; "none", []; "", [ "" ] ]
            Label = Some text
            Client = Some { Address = Some text; Agent = Some text }
            Rotation =
                Some { Generation = 0xFFFFFF; RotatedAt = state.CreatedAt; SeenAt = Some(state.CreatedAt.AddTicks 1L) }
            Device = Some(DeviceBinding.Bound text) })

let private times (now: DateTimeOffset) : (string * (SessionState -> SessionState)) list =
    let tick = TimeSpan.FromTicks 1L
    let at (offset: float) = now.ToOffset(TimeSpan.FromHours offset)

    [ "odd ticks",
      fun state ->
          { state with
              CreatedAt = now - tick
              SignedInAt = Some(now + tick)
              LastSeenAt = now.AddTicks 9_999_999L }
      "other offsets",
      fun state ->
          { state with
              CreatedAt = at 5.5
              SignedInAt = Some(at -9.5)
              LastSeenAt = at 14.
              ExpiresAt = (state.ExpiresAt + tick).ToOffset(TimeSpan.FromHours -12.) }
      "long ago and far off",
      fun state ->
          { state with
              CreatedAt = DateTimeOffset.UnixEpoch - tick
              SignedInAt = Some DateTimeOffset.UnixEpoch
              ExpiresAt = now.AddYears 150 + tick }
      "whole seconds",
      fun state ->
          { state with
              CreatedAt = DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)
              SignedInAt = Some(DateTimeOffset(2030, 12, 31, 23, 59, 59, TimeSpan.Zero)) } ]

/// Records of any text, for the property.
let private records (now: DateTimeOffset) : Arbitrary<SessionRecord> =
    let text =
        Gen.oneof
            [ Gen.elements texts
              Gen.choose (0, 0x10ffff)
              |> Gen.filter (fun scalar -> scalar < 0xd800 || scalar > 0xdfff)
              |> Gen.map (fun scalar -> Rune(scalar).ToString())
              |> Gen.listOf
              |> Gen.map (String.concat "") ]

    let json = Gen.oneof [ Gen.elements documents; text |> Gen.map jsonString ]
    let named = Gen.zip (text |> Gen.filter (fun name -> name <> "")) json |> Gen.listOf |> Gen.map Map

    gen {
        let! values = named
        let! queued = Gen.listOf (Gen.zip text json)
        let! owner = Gen.optionOf (text |> Gen.filter (fun owner -> owner.Trim() <> ""))
        let! label = Gen.optionOf text
        let! claims = Gen.listOf (Gen.zip text (Gen.listOf text)) |> Gen.map Map
        let! idle = Gen.choose (1, 3_600_000)

        return
            live (newScope ()) now
            |> withIdle (now.AddTicks(int64 idle * 9_999L))
            |> withState (fun state ->
                { state with
                    Values = values
                    Flashes = queued |> List.mapi (fun n (key, json) -> { Id = int64 n + 1L; Key = key; Json = json })
                    Owner = owner
                    Label = label
                    Claims = claims })
    }
    |> Arb.fromGen

let tests (under: DriverUnderTest) : Test =
    let test = Bench.test under

    testList
        "values"
        [ test [ Need.Store ] "promise 17: every text is read as it was stored, wherever it stands"
          <| fun bench ->
              task {
                  for text in texts do
                      do! live (newScope ()) bench.Now |> withTexts text |> storedAs bench (jsonString text)
              }

          test [ Need.Store ] "promise 17: every text is good for a scope"
          <| fun bench ->
              task {
                  for text in texts do
                      do! live $"{newScope ()}{text}" bench.Now |> storedAs bench (jsonString text)
              }

          test [ Need.Store ] "promise 17: JSON is read letter by letter, white space, digits and escapes included"
          <| fun bench ->
              task {
                  let record = live (newScope ()) bench.Now

                  do!
                      record
                      |> withState (fun state ->
                          { state with
                              Values = documents |> List.mapi (fun n json -> $"key {n}", json) |> Map
                              Flashes =
                                  documents
                                  |> List.mapi (fun n json -> { Id = int64 n + 1L; Key = "notice"; Json = json }) })
                      |> storedAs bench "documents"
              }

          test [ Need.Store ] "promise 17: values nested 64 deep are read as they were stored"
          <| fun bench ->
              task {
                  let deep = nested 64

                  do!
                      live (newScope ()) bench.Now
                      |> withValue "deep" deep
                      |> withState (fun state -> { state with Flashes = [ { Id = 1L; Key = "deep"; Json = deep } ] })
                      |> storedAs bench "nested"
              }

          test [ Need.Store ] "promise 17: values of 64 KiB and of binary look are read as they were stored"
          <| fun bench ->
              task {
                  let bytes = Array.zeroCreate<byte> 49_152
                  Random(7).NextBytes bytes
                  let size = 65_536

                  for what, text in
                      [ "ASCII", String('x', size)
                        "base64", Convert.ToBase64String bytes
                        "Latin-1 of random bytes", Encoding.Latin1.GetString bytes
                        "three bytes a letter", String('日', size / 3)
                        "four bytes a letter", String.replicate (size / 4) "𝔘" ] do
                      do! live (newScope ()) bench.Now |> withValue "big" (jsonString text) |> storedAs bench what
              }

          test
              [ Need.Store ]
              "promise 17: the content of a sealed record is read as it was stored, beside its owner and ends"
          <| fun bench ->
              task {
                  for length in [ 0; 1; 60_000 ] do
                      let content = Convert.ToBase64String(Array.init length (fun n -> byte (n * 7)))

                      let record =
                          live (newScope ()) bench.Now
                          |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                          |> withOwner (Some(newOwner ()))
                          |> withState (fun state -> { state with Values = Map.empty })

                      do! { record with Kind = RecordKind.Sealed content } |> storedAs bench $"{length} bytes"
              }

          test [ Need.Store ] "promise 17: a record with nothing in it, and one of 1,000 keys"
          <| fun bench ->
              task {
                  let record = live (newScope ()) bench.Now
                  do! record |> withState (fun state -> { state with Values = Map.empty }) |> storedAs bench "empty"

                  do!
                      record
                      |> again
                      |> withState (fun state ->
                          { state with
                              Values = Map [ for n in 1..1_000 -> $"key {n}", string n ]
                              Label = Some ""
                              Flashes = [ for n in 1..200 -> { Id = int64 n; Key = $"{n % 3}"; Json = $"{n}" } ] })
                      |> storedAs bench "1,000 keys"
              }

          test [ Need.Store ] "promise 17: times are read to the tick"
          <| fun bench ->
              task {
                  for what, change in times bench.Now do
                      let record = live (newScope ()) bench.Now |> withState change
                      do! storedAs bench what record
                      do!
                          storedAs
                              bench
                              $"{what}, with an idle end"
                              (record |> again |> withIdle (bench.Now.AddTicks 12_345_677L))
              }

          test [ Need.Store ] "promise 17: every record is read as it was stored"
          <| fun bench ->
              task {
                  let isRead (record: SessionRecord) = (storedAs bench "the record" record).GetAwaiter().GetResult()

                  let config = Config.QuickThrowOnFailure.WithMaxTest(100).WithQuietOnSuccess true
                  Check.One(config, Prop.forAll (records bench.Now) isRead)
              } ]
