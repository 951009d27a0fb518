/// Tokens that were rotated: the second layout.
module Runa.Session.Tests.SessionTokenGenerationTests

open System
open System.Buffers.Text
open System.Security.Cryptography
open System.Text
open Expecto
open Runa.Session

let private secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
let private otherSecret = "0123456789abcdefghijklmnopqrstuvwxyz-other"
let private tokens secrets application name = SessionToken(KeyRing.ofSecrets secrets, application, name)
let private ring secrets = tokens secrets (Some "shop") "web"
let private web = ring [ secret ]
let private generations = [ 1; 2; 255; 256; 65_536; TokenLayout.mostGenerations ]

let private bytesOf (text: string) = Base64Url.DecodeFromChars(text.AsSpan())
let private textOf (bytes: byte[]) = Base64Url.EncodeToString(ReadOnlySpan bytes)

let private genuine (tokens: SessionToken) (text: string) : GenuineToken option =
    match tokens.Read(text.AsSpan()) with
    | TokenReading.Genuine token -> Some token
    | _ -> None

let private isGenuine tokens text = (genuine tokens text).IsSome

let private isForeign (tokens: SessionToken) (text: string) =
    match tokens.Read(text.AsSpan()) with
    | TokenReading.Foreign -> true
    | _ -> false

/// HMAC-SHA256 over what the documentation says that it covers.
let private hmac (application: string option) (fields: byte[]) : byte[] =
    let field (text: string) =
        let bytes = Encoding.UTF8.GetBytes text
        Array.append [| 0uy; 0uy; 0uy; byte bytes.Length |] bytes

    let input =
        Array.concat
            [ field "Runa.Session token"
              field (if application.IsSome then "own" else "shared")
              field (defaultArg application "")
              field "web"
              fields ]

    let purpose = Encoding.UTF8.GetBytes "Runa.Session token v1"
    HMACSHA256.HashData(
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes secret, 32, info = purpose),
        input
    )

[<Tests>]
let layout =
    testList
        "SessionToken generations"
        [ test
              "a rotated token is 72 characters of 54 bytes: version, key id, the same id, 24-bit generation, 128-bit tag" {
              let first = web.Create()

              for generation in generations do
                  let text = (web.Rotate(first, generation)).Text
                  Expect.equal text.Length 72 "characters"
                  let bytes = bytesOf text
                  Expect.equal bytes.Length 54 "bytes"
                  Expect.equal bytes[0] 2uy "version"
                  let before = bytesOf first.Text
                  Expect.equal bytes[1..34] before[1..34] "key id and id"
                  let stored = (int bytes[35] <<< 16) + (int bytes[36] <<< 8) + int bytes[37]
                  Expect.equal stored generation "generation"
                  Expect.equal (genuine web text).Value.Generation generation "as it is read"
          }

          test
              "the tag of a rotated token is the first half of one HMAC that covers its generation; the store key is that of the first layout" {
              for application in [ Some "shop"; Some "Lädchen"; None ] do
                  let tokens = tokens [ secret ] application "web"
                  let first = tokens.Create()
                  let rotated = tokens.Rotate(first, 258)
                  let id = (bytesOf first.Text)[1..34]
                  let fields = Array.concat [ [| 2uy |]; id; [| 0uy; 1uy; 2uy |] ]
                  let tag = (hmac application fields)[..15]
                  Expect.equal rotated.Text (textOf (Array.append fields tag)) "the whole text"
                  let key = (hmac application (Array.append [| 1uy |] id))[16..]
                  Expect.equal (StoreKey.toBytes rotated.Key) key "as it was made"
                  Expect.equal (StoreKey.toBytes (genuine tokens rotated.Text).Value.Key) key "as it is read"
          }

          test "promise 29: the store key and the sealing key are the same in every generation" {
              let first = web.Create()

              for generation in generations do
                  // As another process reads it, which has never seen the first one.
                  let elsewhere = ring [ secret ]
                  let read = (genuine elsewhere (web.Rotate(first, generation)).Text).Value
                  Expect.equal read.Key first.Key "store key"
                  Expect.equal (elsewhere.SealKey read) (web.SealKey first) "sealing key"
          }

          test "promise 29: a token that is rotated again and back is the same text as at once" {
              let first = web.Create()
              let second = web.Rotate(first, 1)
              let ahead = web.Rotate(second, 70_000)
              Expect.equal (web.Rotate(ahead, 1)).Text second.Text "back by many"
              Expect.equal (web.Rotate(second, 0)).Text first.Text "back to the first layout"
              Expect.equal (web.Rotate(ahead, 0)).Text first.Text "at once"
          }

          test "promise 6: every single bit flipped makes a rotated token worthless" {
              for generation in [ 1; TokenLayout.mostGenerations ] do
                  let text = (web.Rotate(web.Create(), generation)).Text
                  Expect.isTrue (isGenuine web text) "genuine, and known from now on"

                  for bit in 0 .. 54 * 8 - 1 do
                      let bytes = bytesOf text
                      bytes[bit / 8] <- bytes[bit / 8] ^^^ (1uy <<< bit % 8)
                      Expect.isFalse (isGenuine web (textOf bytes)) $"bit {bit}"

                      // The version says how long it is.
                      if bit >= 8 then
                          Expect.isTrue (isForeign web (textOf bytes)) $"bit {bit} is foreign"
          }

          test "promise 6: a rotated token has one spelling" {
              let text = (web.Rotate(web.Create(), 1)).Text

              for at in 0..71 do
                  for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" do
                      if c <> text[at] then
                          Expect.isFalse (isGenuine web (text.Remove(at, 1).Insert(at, string c))) $"{c} at {at}"
          }

          test "promise 29: without the secret no generation can be made from another" {
              let first = web.Create()
              let older, newer = bytesOf first.Text, bytesOf (web.Rotate(first, 7)).Text
              let asFirst = Array.concat [ [| 1uy |]; newer[1..34]; newer[38..] ]
              Expect.isTrue (isForeign web (textOf asFirst)) "the first layout with a rotated token's tag"

              for generation in [ 0uy; 1uy; 6uy; 8uy ] do
                  let tagOf (bytes: byte[]) = bytes[bytes.Length - 16 ..]
                  let forged tag = Array.concat [ [| 2uy |]; newer[1..34]; [| 0uy; 0uy; generation |]; tag ]
                  Expect.isTrue (isForeign web (textOf (forged (tagOf newer)))) $"{generation} with the tag of 7"
                  Expect.isTrue (isForeign web (textOf (forged (tagOf older)))) $"{generation} with the first tag"
          }

          test "promise 2: a rotated token is foreign to every other name, application and shared flag" {
              let scopes = [ Some "shop", "web"; Some "shop", "admin"; Some "blog", "web"; None, "web" ]

              for application, name in scopes do
                  let own = tokens [ secret ] application name
                  let text = (own.Rotate(own.Create(), 3)).Text

                  for other in scopes do
                      let reader = tokens [ secret ] (fst other) (snd other)

                      if other = (application, name) then
                          Expect.isTrue (isGenuine reader text) "its own"
                      else
                          Expect.isTrue (isForeign reader text) $"{application} {name} as {other}"
          }

          test "promise 24: a token stays with the secret that signed it, when it is rotated under a newer one" {
              let first = web.Create()
              let both = ring [ otherSecret; secret ]
              let read = (genuine both first.Text).Value
              let rotated = both.Rotate(read, 1)
              Expect.equal rotated.Text (web.Rotate(first, 1)).Text "the same text"
              Expect.equal (genuine both rotated.Text).Value.Key first.Key "the same record"
              Expect.equal (both.SealKey rotated) (web.SealKey first) "the same sealing key"
              Expect.isTrue (isGenuine web rotated.Text) "the older secret verifies it"
              Expect.isTrue (isForeign (ring [ otherSecret ]) rotated.Text) "and is needed for it"
          }

          test "no token but that of its scope can be rotated" {
              let foreign = (ring [ otherSecret ]).Create()
              Expect.throwsT<InvalidOperationException> (fun () -> web.Rotate(foreign, 1) |> ignore) "it raises"
          } ]
