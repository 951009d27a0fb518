module Runa.Session.Tests.DeviceKeyTests

open System
open System.Buffers.Text
open System.Text
open System.Text.Json
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Tests.Devices

let private ofJwk (algorithm: string) (json: string) =
    use document = JsonDocument.Parse json
    DeviceKey.ofJwk algorithm document.RootElement

let private key (device: Device) =
    match ofJwk device.Algorithm device.Jwk with
    | Ok key -> key
    | Error why -> failtest why

let private refused (why: string) (algorithm: string) (json: string) =
    match ofJwk algorithm json with
    | Ok _ -> failtest $"was taken: {json}"
    | Error found -> found |> Expect.stringContains json why

let private x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
let private y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
let private ec x y = $"""{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"""

let private bytes (text: string) = Base64Url.DecodeFromChars(text.AsSpan())

[<Tests>]
let tests =
    testList
        "DeviceKey"
        [ testCase "ES256: the vector of RFC 7515, appendix A.3"
          <| fun () ->
              let data =
                  "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

              let signature =
                  bytes "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

              match ofJwk "ES256" (ec x y) with
              | Error why -> failtest why
              | Ok key ->
                  let isSigned (text: string) signature = DeviceKey.verify key (Encoding.ASCII.GetBytes text) signature
                  isSigned data signature |> Expect.isTrue "the vector"
                  isSigned (data + "x") signature |> Expect.isFalse "other data"

                  for n in 0 .. signature.Length - 1 do
                      let other = Array.copy signature
                      other[n] <- other[n] ^^^ 1uy
                      isSigned data other |> Expect.isFalse $"byte {n}"

          testCase "ES256 and RS256: a device's own signatures, and no other's"
          <| fun () ->
              let data = Security.Cryptography.RandomNumberGenerator.GetBytes 100

              for one, other in
                  [ ecDevice (), ecDevice (); rsaDevice 2048, rsaDevice 2048; rsaDevice 3072, rsaDevice 2048 ] do
                  DeviceKey.verify (key one) data (one.Sign data) |> Expect.isTrue "its own"
                  DeviceKey.verify (key one) data (other.Sign data) |> Expect.isFalse "another's"
                  DeviceKey.verify (key one) data [||] |> Expect.isFalse "none"

          testCase "a key is kept as text, and read back"
          <| fun () ->
              for device in [ ecDevice (); rsaDevice 2048 ] do
                  let json = DeviceKey.toJson (key device)
                  json |> Expect.equal "the members of its thumbprint, in order" device.Jwk
                  let back = (DeviceKey.ofJson json).Value
                  DeviceKey.toJson back |> Expect.equal "the same" json
                  let data = Security.Cryptography.RandomNumberGenerator.GetBytes 10
                  DeviceKey.verify back data (device.Sign data) |> Expect.isTrue "the same key"

              for text in [ ""; "x"; "null"; "[]"; "{}"; "\"a\"" ] do
                  DeviceKey.ofJson text |> Option.isNone |> Expect.isTrue text

          testCase "a key that is none is refused: curve, point, spelling, size, exponent, private parts"
          <| fun () ->
              let flipped = "A" + x.Substring 1
              refused "point" "ES256" (ec flipped y)
              refused "point" "ES256" (ec x x)
              refused "point" "ES256" (ec (x + "A") y)
              refused "point" "ES256" (ec (x + "=") y)
              refused "point" "ES256" (ec "" y)
              refused "point" "ES256" ((ec x y).Replace("P-256", "P-384"))
              refused "point" "ES256" ((ec x y).Replace("\"crv\":\"P-256\",", ""))
              refused "point" "ES256" ((ec x y).Replace($"\"{x}\"", "1"))
              refused "private" "ES256" ((ec x y).Replace("\"kty\"", "\"d\":\"AA\",\"kty\""))
              refused "another algorithm" "ES256" ((ec x y).Replace("\"kty\"", "\"alg\":\"RS256\",\"kty\""))
              refused "another kind" "RS256" (ec x y)
              refused "another kind" "ES256" "{}"
              refused "another kind" "none" (ec x y)
              let rsa = (rsaDevice 2048).Jwk
              refused "another kind" "ES256" rsa
              refused "RSA" "RS256" (rsa.Replace("AQAB", "Aw"))
              refused "RSA" "RS256" ((rsaDevice 1024).Jwk)
              refused "RSA" "RS256" """{"kty":"RSA","e":"AQAB"}"""
              let even = base64 (Array.append [| 255uy |] (Array.zeroCreate 255))
              refused "RSA" "RS256" $"""{{"kty":"RSA","e":"AQAB","n":"{even}"}}"""
              let huge = base64 (Array.create 513 255uy)
              refused "RSA" "RS256" $"""{{"kty":"RSA","e":"AQAB","n":"{huge}"}}""" ]
