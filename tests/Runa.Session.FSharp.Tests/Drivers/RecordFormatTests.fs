module Runa.Session.Tests.RecordFormatTests

open System
open System.IO
open System.Text
open System.Text.Json
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session
open Runa.Session.Tests.Records

let private at = DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours 2.).AddTicks 7L

let private sample: SessionRecord =
    { Version = RecordVersion.RecordVersion -5L
      Scope = "shop/web"
      State =
        { Values = Map [ "cart", "[1, 2]"; "name", "\"A\"" ]
          Flashes = [ { Id = 7L; Key = "notice"; Json = "\"hi\"" } ]
          Owner = Some "alice"
          Claims = Map [ "role", [ "admin"; "user" ] ]
          Label = Some "Firefox on Linux"
          Client = Some { Address = Some "203.0.113.7"; Agent = None }
          Rotation = Some { Generation = 3; RotatedAt = at; SeenAt = Some at }
          Device = Some(DeviceBinding.Bound "d1")
          CreatedAt = at
          SignedInAt = Some at
          LastSeenAt = at
          ExpiresAt = at.AddHours 2. }
      IdleExpiresAt = ValueSome(at.AddMinutes 30.)
      Kind = RecordKind.Live }

let private textOf (record: SessionRecord) = Encoding.UTF8.GetString(RecordFormat.write record)
let private readText (text: string) = RecordFormat.read (ReadOnlySpan(Encoding.UTF8.GetBytes text))
let private written = textOf sample

let private refused (text: string) : string =
    try
        readText text |> ignore
        failtest $"was read: {text}"
    with :? InvalidDataException as e ->
        e.Message

[<Tests>]
let tests =
    testList
        "RecordFormat"
        [ testCase "the document is what docs/run/drivers.md shows"
          <| fun () ->
              written
              |> Expect.equal
                  "the document"
                  ("{\"format\":1,\"version\":\"-5\",\"scope\":\"shop/web\",\"created\":\"2030-01-02T01:04:05.0000007Z\","
                   + "\"signed_in\":\"2030-01-02T01:04:05.0000007Z\",\"seen\":\"2030-01-02T01:04:05.0000007Z\","
                   + "\"expires_at\":\"2030-01-02T03:04:05.0000007Z\",\"idle_expires_at\":\"2030-01-02T01:34:05.0000007Z\","
                   + "\"owner\":\"alice\",\"label\":\"Firefox on Linux\",\"client\":{\"address\":\"203.0.113.7\"},"
                   + "\"rotation\":{\"generation\":3,\"rotated_at\":\"2030-01-02T01:04:05.0000007Z\","
                   + "\"seen_at\":\"2030-01-02T01:04:05.0000007Z\"},\"device_bound\":\"d1\",\"claims\":{\"role\":[\"admin\",\"user\"]},"
                   + "\"flashes\":[{\"id\":\"7\",\"key\":\"notice\",\"value\":\"hi\"}],"
                   + "\"values\":{\"cart\":[1, 2],\"name\":\"A\"}}")

          testCase "promise 17: every record is read as it was written, to the tick and the character"
          <| fun () ->
              Prop.forAll (Arb.fromGen record) (fun record ->
                  RecordFormat.read (ReadOnlySpan(RecordFormat.write record)) = record)
              |> fun property ->
                  Check.One(Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess true, property)

          testCase "it is one JSON document for every other reader"
          <| fun () ->
              Prop.forAll (Arb.fromGen record) (fun record ->
                  use document =
                      JsonDocument.Parse(
                          ReadOnlyMemory(RecordFormat.write record),
                          JsonDocumentOptions(MaxDepth = 80, AllowDuplicateProperties = false)
                      )

                  document.RootElement.GetProperty("format").GetInt32() = 1)
              |> fun property ->
                  Check.One(Config.QuickThrowOnFailure.WithMaxTest(100).WithQuietOnSuccess true, property)

          testCase "the order of its properties does not matter"
          <| fun () ->
              let moved = written.Replace("\"format\":1,", "")
              readText (moved.Insert(moved.Length - 1, ",\"format\":1")) |> Expect.equal "the same" sample

          testCase "† a duplicate property is refused, at every level"
          <| fun () ->
              for text in
                  [ written.Replace("\"format\":1,", "\"format\":1,\"format\":1,")
                    written.Replace("\"owner\":\"alice\"", "\"owner\":\"alice\",\"owner\":\"bob\"")
                    written.Replace("\"owner\":\"alice\"", "\"owner\":\"alice\",\"\\u006fwner\":\"bob\"")
                    written.Replace("\"name\":\"A\"", "\"name\":\"A\",\"name\":\"B\"")
                    written.Replace("\"role\":[", "\"role\":[],\"role\":[")
                    written.Replace("\"id\":\"7\"", "\"id\":\"7\",\"id\":\"8\"") ] do
                  refused text |> Expect.stringContains "says so" "twice"

          testCase "another format is refused, and both numbers are named"
          <| fun () ->
              refused (written.Replace("\"format\":1", "\"format\":2"))
              |> Expect.stringContains "the one it reads" "format is not 1"

          testCase "a missing property is named"
          <| fun () ->
              for name, part in
                  [ "format", "\"format\":1,"
                    "version", "\"version\":\"-5\","
                    "scope", "\"scope\":\"shop/web\","
                    "created", "\"created\":\"2030-01-02T01:04:05.0000007Z\","
                    "seen", "\"seen\":\"2030-01-02T01:04:05.0000007Z\","
                    "expires_at", "\"expires_at\":\"2030-01-02T03:04:05.0000007Z\"," ] do
                  refused (written.Replace(part, "")) |> Expect.stringContains name $"\"{name}\" is missing"

          testCase "every cut-off document is refused"
          <| fun () ->
              for length in 0 .. written.Length - 1 do
                  refused (written.Substring(0, length)) |> ignore

          testCase "a document that is no record is refused"
          <| fun () ->
              for text in
                  [ "null"
                    "[]"
                    "1"
                    "\"x\""
                    written + "x"
                    written + written
                    "\u0000" + written
                    written.Replace("\"version\":\"-5\"", "\"version\":-5")
                    written.Replace("\"version\":\"-5\"", "\"version\":\"99999999999999999999\"")
                    written.Replace("\"owner\":\"alice\"", "\"owner\":null")
                    written.Replace("\"owner\":\"alice\"", "\"owner\":[\"alice\"]")
                    written.Replace("\"owner\":\"alice\"", "\"color\":\"red\"")
                    written.Replace("\"owner\":\"alice\"", "\"moved_to\":\"short\"")
                    written.Replace("\"created\":\"2030", "\"created\":\"9x30")
                    written.Replace("[\"admin\",\"user\"]", "[\"admin\",1]")
                    written.Replace("\"flashes\":[", "\"flashes\":[1,")
                    written.Replace("\"key\":\"notice\",", "") ] do
                  refused text |> ignore

          testCase "bytes that are not UTF-8 are refused"
          <| fun () ->
              let bytes = RecordFormat.write sample
              let owner = written.IndexOf("alice", StringComparison.Ordinal)
              let value = written.IndexOf("\"A\"", StringComparison.Ordinal) + 1

              for place in [ owner; value ] do
                  let broken = Array.copy bytes
                  broken[place] <- 0xFFuy

                  (fun () -> RecordFormat.read (ReadOnlySpan broken) |> ignore)
                  |> Expect.throwsT<InvalidDataException> "refused"

          testCase "promise 5: the error does not quote what it refuses"
          <| fun () ->
              for text in
                  [ written.Replace("\"owner\":\"alice\"", "\"sesame\":\"alice\"")
                    written.Replace("\"version\":\"-5\"", "\"version\":\"sesame\"")
                    written.Replace("\"scope\":\"shop/web\"", "\"scope\":{\"sesame\":1}") ] do
                  (refused text).Contains "sesame" |> Expect.isFalse "not quoted" ]
