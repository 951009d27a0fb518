/// Where an order goes: a union and a record in the session, encoded and decoded by Thoth.Json.Net.
module Sample.Shipping

open Runa.Session
open Thoth.Json.Net

type Address = { Street: string; Town: string; Doorbell: string option }

[<RequireQualifiedAccess>]
type Delivery =
    | Pickup
    | Post of Address

module Address =
    let encode (address: Address) =
        Encode.object [
            "street", Encode.string address.Street
            "town", Encode.string address.Town
            "doorbell", Encode.option Encode.string address.Doorbell
        ]

    let decode: Decoder<Address> =
        Decode.object (fun get -> {
            Street = get.Required.Field "street" Decode.string
            Town = get.Required.Field "town" Decode.string
            Doorbell = get.Optional.Field "doorbell" Decode.string
        })

module Delivery =
    let encode (delivery: Delivery) =
        match delivery with
        | Delivery.Pickup -> Encode.object [ "kind", Encode.string "pickup" ]
        | Delivery.Post address -> Encode.object [ "kind", Encode.string "post"; "address", Address.encode address ]

    let decode: Decoder<Delivery> =
        Decode.field "kind" Decode.string
        |> Decode.andThen (fun kind ->
            match kind with
            | "pickup" -> Decode.succeed Delivery.Pickup
            | "post" -> Decode.field "address" Address.decode |> Decode.map Delivery.Post
            | other -> Decode.fail $"a delivery of the kind {other}")

let delivery =
    SessionKey.withCodec
        (Codec.ofFunctions (Delivery.encode >> Encode.toString 0) (Decode.fromString Delivery.decode))
        "delivery"
