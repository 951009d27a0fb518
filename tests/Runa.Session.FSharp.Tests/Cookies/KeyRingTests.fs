module Runa.Session.Tests.KeyRingTests

open System.Security.Cryptography
open System.Text
open Expecto
open Runa.Session

[<Tests>]
let tests =
    testList
        "KeyRing"
        [ testProperty "promise 24: the id of a key follows its secret, not its place"
          <| fun (a: FsCheck.NonEmptyString, b: FsCheck.NonEmptyString) ->
              let ids secrets = (KeyRing.ofSecrets secrets).Keys |> Array.map _.Id |> List.ofArray
              let one, other = ids [ a.Get ], ids [ b.Get ]
              a.Get = b.Get || (ids [ a.Get; b.Get ] = one @ other && ids [ b.Get; a.Get ] = other @ one)

          test "a secret that is listed twice is one key" {
              Expect.hasLength (KeyRing.ofSecrets [ "a"; "b"; "a" ]).Keys 2 "keys"
          }

          test "keys are derived, each for one purpose: none is the secret, its hash, or another's" {
              let secret = "a secret that is long enough for anybody"
              let bytes = Encoding.UTF8.GetBytes secret
              let key = (KeyRing.ofSecrets [ secret ]).Keys[0]
              Expect.hasLength key.Token 32 "256 bits"
              Expect.notEqual key.Token (SHA256.HashData bytes) "not the hash"
              Expect.isFalse (Encoding.Latin1.GetString key.Token |> _.Contains("secret")) "not the secret"

              let hkdf (info: string) length =
                  HKDF.DeriveKey(HashAlgorithmName.SHA256, bytes, length, info = Encoding.UTF8.GetBytes info)

              Expect.equal key.Token (hkdf "Runa.Session token v1" 32) "HKDF with the purpose"
              let id = hkdf "Runa.Session key id v1" 2
              Expect.equal key.Id (256us * uint16 id[0] + uint16 id[1]) "the id has a purpose of its own"
          } ]
