module Runa.Session.Tests.DeviceProofTests

open System
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Tests.Devices

let private proof (field: string) =
    match DeviceProof.read field with
    | Ok proof -> proof
    | Error why -> failtest why

let private refused (why: string) (field: string) =
    match DeviceProof.read field with
    | Ok _ -> failtest $"was taken: {why}"
    | Error found -> found |> Expect.stringContains "why" why

/// Whether it is read, and this key signed it.
let private isGood (key: DeviceKey) (field: string) =
    match DeviceProof.read field with
    | Ok proof -> DeviceProof.isSignedBy key proof
    | Error _ -> false

[<Tests>]
let tests =
    testList
        "DeviceProof"
        [ testCase "a registration brings its key, and a refresh does not"
          <| fun () ->
              for device in [ ecDevice (); rsaDevice 2048 ] do
                  let first = proof (registration device "c1")
                  first.Challenge |> Expect.equal "challenge" "c1"
                  first.Algorithm |> Expect.equal "algorithm" device.Algorithm
                  DeviceKey.toJson first.Key.Value |> Expect.equal "key" device.Jwk
                  DeviceProof.isSignedBy first.Key.Value first |> Expect.isTrue "signed"
                  let second = proof (refresh device "c2")
                  second.Key.IsNone |> Expect.isTrue "no key"
                  DeviceProof.isSignedBy first.Key.Value second |> Expect.isTrue "signed by the same"

          testCase "unknown members are passed over, as the specification asks"
          <| fun () ->
              let device = ecDevice ()
              let claims = """{"jti":"c","iat":1,"authorization":"a","more":{"x":[1]}}"""
              (proof (signed device (header device ",\"kid\":\"x\"") claims)).Challenge
              |> Expect.equal "challenge" "c"

          testCase "no algorithm but ES256 and RS256, and none at all, is taken"
          <| fun () ->
              let device = ecDevice ()

              for algorithm in [ "none"; "None"; "HS256"; "ES384"; "ES256K"; "PS256"; "EdDSA"; ""; "es256" ] do
                  refused "neither ES256 nor RS256" (refresh { device with Algorithm = algorithm } "c")

              refused "neither" (signed device """{"typ":"dbsc+jwt"}""" (claims "c"))
              refused "neither" (signed device """{"typ":"dbsc+jwt","alg":256}""" (claims "c"))

          testCase "key confusion: the key says how a proof is verified"
          <| fun () ->
              let ec, rsa = ecDevice (), rsaDevice 2048
              let key = (proof (registration ec "c")).Key.Value
              isGood key (refresh { rsa with Algorithm = "RS256" } "c") |> Expect.isFalse "another kind of key"
              isGood key (refresh { ec with Algorithm = "RS256" } "c")
              |> Expect.isFalse "its own, under another name"
              refused "another kind" (signed rsa (header rsa $",\"jwk\":{ec.Jwk}") (claims "c"))

          testCase "what is no proof is refused, and told apart"
          <| fun () ->
              let device = ecDevice ()
              let good = refresh device "c"
              let bare = good.Trim '"'
              DeviceProof.read bare |> Result.isOk |> Expect.isTrue "Chromium leaves the quotes out"
              refused "parts" ""
              refused "parts" "\""
              refused "parts" "\"\""
              refused "2 parts" $"\"{bare.Substring(0, bare.LastIndexOf '.')}\""
              refused "4 parts" $"\"{bare}.AA\""
              refused "header is not base64url" $"\".{bare.Substring(1 + bare.IndexOf '.')}\""
              refused "signature is not base64url" $"\"{bare}=\""
              refused "type" (signed device """{"typ":"JWT","alg":"ES256"}""" (claims "c"))
              refused "type" (signed device """{"alg":"ES256"}""" (claims "c"))
              refused "critical" (signed device (header device ",\"crit\":[\"b64\"]") (claims "c"))
              refused "jti" (signed device (header device "") "{}")
              refused "jti" (signed device (header device "") """{"jti":7}""")
              refused "content is no JSON object" (signed device (header device "") "[]")
              refused "content is no JSON object" (signed device (header device "") """{"jti":"a","jti":"b"}""")
              refused
                  "content is no JSON object"
                  (signed device (header device "") """{"a":{"b":{"c":{"d":{"e":1}}}},"jti":"c"}""")
              refused "header is no JSON object" (signed device (header device ",\"alg\":\"RS256\"") (claims "c"))
              refused "key is no JSON object" (signed device (header device ",\"jwk\":\"x\"") (claims "c"))
              refused "more than 8192" (refresh device (String('c', 9_000)))

          testCase "of 10,000 mutations none is taken for a proof of the device, and none raises"
          <| fun () ->
              let random = Random 7
              let characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=\"\\ {}\000é"

              for device in [ ecDevice (); rsaDevice 2048 ] do
                  let key = (proof (registration device "c")).Key.Value
                  let good = refresh device "challenge"
                  isGood key good |> Expect.isTrue "the proof itself"

                  for _ in 1..5_000 do
                      let at = random.Next good.Length
                      let other = characters[random.Next characters.Length]

                      let mutated =
                          match random.Next 4 with
                          | 0 -> good.Remove(at, 1)
                          | 1 -> good.Insert(at, string other)
                          | 2 -> good.Substring(0, at)
                          | _ -> good.Remove(at, 1).Insert(at, string other)

                      if mutated <> good then
                          isGood key mutated |> Expect.isFalse mutated ]
