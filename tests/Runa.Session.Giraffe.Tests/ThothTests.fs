/// Values coded by Thoth.Json.Net, through the drivers and back.
module Runa.Session.Tests.ThothTests

open System
open System.Threading
open FsCheck
open FsCheck.FSharp
open Thoth.Json.Net
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Sample.Shipping

let codec (encode: Encoder<'T>) (decode: Decoder<'T>) : Codec<'T> =
    Codec.ofFunctions (encode >> Encode.toString 0) (Decode.fromString decode)

type Paid =
    | Cash
    | Card of digits: string * until: DateTime
    | Voucher of Guid

type Line = { Sku: string; Count: int; Price: decimal; Gift: bool option }

type Order =
    { Number: int64
      Lines: Line list
      Paid: Paid
      Where: Delivery option
      Notes: Map<string, string list> }

// By Thoth's automatic coders, with the extra ones for types that JSON has no number for.
let private extra = Extra.empty |> Extra.withInt64 |> Extra.withDecimal

let private orderCodec: Codec<Order> =
    codec (Encode.Auto.generateEncoder (extra = extra)) (Decode.Auto.generateDecoder (extra = extra))

let private text: Gen<string> =
    Gen.elements
        [ "a"
          "\""
          "\\"
          "\u0000"
          "\u001f"
          "</script>"
          "é"
          "漢"
          "😀"
          "\u2028"
          "2030-01-02T03:04:05Z" ]
    |> Gen.listOf
    |> Gen.map (String.concat "")
    |> Gen.resize 8

let private address: Gen<Address> =
    Gen.map3 (fun street town bell -> { Street = street; Town = town; Doorbell = bell }) text text (Gen.optionOf text)

let private delivery: Gen<Delivery> =
    Gen.oneof [ Gen.constant Delivery.Pickup; Gen.map Delivery.Post address ]

let private paid: Gen<Paid> =
    Gen.oneof
        [ Gen.constant Cash
          Gen.map2
              (fun digits days -> Card(digits, DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays days))
              text
              (Gen.choose (0, 5000) |> Gen.map float)
          Gen.choose (0, Int32.MaxValue) |> Gen.map (fun n -> Voucher(Guid(n, 1s, 2s, Array.zeroCreate 8))) ]

let private line: Gen<Line> =
    gen {
        let! sku = text
        let! count = Gen.choose (Int32.MinValue, Int32.MaxValue)
        let! cents = Gen.choose (Int32.MinValue, Int32.MaxValue)
        let! gift = Gen.optionOf (Gen.elements [ true; false ])
        return { Sku = sku; Count = count; Price = decimal cents / 100m; Gift = gift }
    }

let private order: Gen<Order> =
    gen {
        let! number = Gen.choose64 (Int64.MinValue, Int64.MaxValue)
        let! lines = Gen.listOf line |> Gen.resize 4
        let! paid = paid
        let! where = Gen.optionOf delivery
        let! notes = Gen.listOf (Gen.zip text (Gen.listOf text)) |> Gen.map Map.ofList |> Gen.resize 3
        return { Number = number; Lines = lines; Paid = paid; Where = where; Notes = notes }
    }

/// What is read by the next request, of what one has stored.
let private through (registry: SessionRegistry) (key: SessionKey<'T>) (value: 'T) : Result<'T option, DecodeError> =
    let load header = (registry |> SessionRegistry.load "web" header CancellationToken.None).GetAwaiter().GetResult()

    let stored = Session.set key value (load None)
    let committed =
        (registry |> SessionRegistry.commit stored CancellationToken.None).GetAwaiter().GetResult()
    load (cookieHeader committed.Cookies) |> Session.decode key

let private drivers =
    [ "memory", id
      "cookie", SessionSetup.session "web" (fun settings -> { settings with Driver = "cookie" }) ]

let private roundTrip (name: string) (key: SessionKey<'T>) (values: Gen<'T>) =
    [ for driver, change in drivers do
          let registry = lazy (SessionRegistry.create (setup (clock ()) (memory (clock ())) |> change))

          testPropertyWithConfig
              { FsCheckConfig.defaultConfig with maxTest = 200 }
              $"promise 17: {name}, on the driver {driver}"
              (Prop.forAll (Arb.fromGen values) (fun value ->
                  Expect.equal (through registry.Value key value) (Ok(Some value)) "as it was")) ]

let private records = SessionKey.withCodec (codec Address.encode Address.decode) "address"

let private options =
    SessionKey.withCodec (codec (Encode.option Encode.string) (Decode.option Decode.string)) "option"

let private lists =
    SessionKey.withCodec (codec (List.map Delivery.encode >> Encode.list) (Decode.list Delivery.decode)) "deliveries"

let private indented =
    SessionKey.withCodec
        (Codec.ofFunctions (Address.encode >> Encode.toString 4) (Decode.fromString Address.decode))
        "indented"

[<Tests>]
let tests =
    testList
        "Thoth.Json.Net"
        [ yield! roundTrip "a record" records address
          yield! roundTrip "a union with fields, by the sample's key" Sample.Shipping.delivery delivery
          yield! roundTrip "an option, some or none" options (Gen.optionOf text)
          yield! roundTrip "a list of unions" lists (Gen.listOf delivery |> Gen.resize 5)
          yield! roundTrip "a record of all that, by automatic coders" (SessionKey.withCodec orderCodec "order") order
          yield! roundTrip "a record over several lines" indented address

          test "what the encoder wrote stands in the session's JSON" {
              let address = { Street = "1 Main Street"; Town = "Ulm"; Doorbell = None }
              let session = Session.empty "web" |> Session.set Sample.Shipping.delivery (Delivery.Post address)

              Expect.equal
                  (Session.toJson session)
                  """{"delivery":{"kind":"post","address":{"street":"1 Main Street","town":"Ulm","doorbell":null}}}"""
                  "as it is"
          } ]
