module Runa.Session.Tests.SessionTokenTests

open System
open System.Buffers.Binary
open System.Buffers.Text
open System.Security.Cryptography
open System.Text
open Expecto
open Runa.Session

let private secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
let private otherSecret = "0123456789abcdefghijklmnopqrstuvwxyz-other"
let private tokens secrets application name = SessionToken(KeyRing.ofSecrets secrets, application, name)
let private web = tokens [ secret ] (Some "shop") "web"

let private make (tokens: SessionToken) =
    let token = tokens.Create()
    token.Text, token.Key

let private isForeign (tokens: SessionToken) (text: string) =
    match tokens.Read(text.AsSpan()) with
    | TokenReading.Foreign -> true
    | _ -> false

let private isMalformed (tokens: SessionToken) (text: string) =
    match tokens.Read(text.AsSpan()) with
    | TokenReading.Malformed -> true
    | _ -> false

let private genuine (tokens: SessionToken) (text: string) : StoreKey option =
    match tokens.Read(text.AsSpan()) with
    | TokenReading.Genuine token ->
        Expect.equal token.Text text "it is the text that was read"
        Some token.Key
    | _ -> None

let private bytesOf (text: string) = Base64Url.DecodeFromChars(text.AsSpan())
let private textOf (bytes: byte[]) = Base64Url.EncodeToString(ReadOnlySpan bytes)

[<Tests>]
let layout =
    testList
        "SessionToken layout"
        [ test "a token is 68 characters of 51 bytes: version, key id, 256-bit id, 128-bit tag" {
              let text, _ = make web
              Expect.equal text.Length 68 "characters"
              let bytes = bytesOf text
              Expect.equal bytes.Length 51 "bytes"
              Expect.equal bytes[0] 1uy "version"
              let keyId = BinaryPrimitives.ReadUInt16BigEndian(ReadOnlySpan(bytes, 1, 2))
              Expect.equal keyId (KeyRing.ofSecrets [ secret ]).Keys[0].Id "key id"
          }

          test
              "one HMAC over the length-prefixed purpose, shared flag, application and name, then version, key id and id, gives tag and store key" {
              for application in [ Some "shop"; Some "Lädchen"; None ] do
                  let text, key = make (tokens [ secret ] application "web")
                  let token = bytesOf text

                  let field (text: string) =
                      let bytes = Encoding.UTF8.GetBytes text
                      let length = bytes.Length
                      Array.append
                          [| byte (length >>> 24); byte (length >>> 16); byte (length >>> 8); byte length |]
                          bytes

                  let input =
                      Array.concat
                          [ field "Runa.Session token"
                            field (if application.IsSome then "own" else "shared")
                            field (defaultArg application "")
                            field "web"
                            token[..34] ]

                  let signing =
                      HKDF.DeriveKey(
                          HashAlgorithmName.SHA256,
                          Encoding.UTF8.GetBytes secret,
                          32,
                          info = Encoding.UTF8.GetBytes "Runa.Session token v1"
                      )

                  let mac = HMACSHA256.HashData(signing, input)
                  Expect.equal token[35..] mac[..15] "the tag is the first half"
                  Expect.equal (StoreKey.toBytes key) mac[16..] "the store key is the second half"
                  Expect.equal (genuine (tokens [ secret ] application "web") text) (Some key) "and reading agrees"
          }

          test "promise 1: ids are random, and no two tokens or store keys are alike" {
              let made = [ for _ in 1..2_000 -> make web ]
              Expect.hasLength (made |> List.distinctBy (fun (text, _) -> text.Substring(4, 43))) 2_000 "ids"
              Expect.hasLength (made |> List.distinctBy snd) 2_000 "store keys"
              // Of 256 bits each is set in half of the ids: 1,000 of 2,000, give or take seven deviations of 22.
              let ids = made |> List.map (fun (text, _) -> (bytesOf text)[3..34])

              for bit in 0..255 do
                  let set = ids |> List.filter (fun id -> (id[bit / 8] >>> (bit % 8)) &&& 1uy = 1uy)
                  Expect.isTrue (abs (set.Length - 1_000) < 160) $"bit {bit} is random"
          }

          test "promise 1: the store key is not in the token, and the store key alone makes no token" {
              for _ in 1..200 do
                  let text, key = make web
                  let bytes, stored = bytesOf text, StoreKey.toBytes key
                  let isInside = Array.windowed 4 bytes |> Array.exists (fun part -> part = stored[..3])
                  Expect.isFalse (isInside || text.Contains(StoreKey.toText key)) "not in it"
                  // Whoever reads the store puts what is there where id and tag belong.
                  let forged = Array.concat [ bytes[..2]; stored; stored; stored ]
                  Expect.isTrue (isForeign web (textOf forged)) "replayed as id"
                  Expect.isTrue (isForeign web (textOf (Array.append bytes[..34] stored))) "replayed as tag"
          }

          test "promise 1: without the secret the same id leads to another store key" {
              let text, key = make web
              let id = (bytesOf text)[3..34]
              let otherText, otherKey = make (tokens [ otherSecret ] (Some "shop") "web")
              Expect.notEqual otherKey key "another"
              let moved = Array.concat [ (bytesOf otherText)[..2]; id; (bytesOf otherText)[35..] ]
              Expect.isTrue (isForeign (tokens [ otherSecret ] (Some "shop") "web") (textOf moved)) "the id is signed"
          } ]

[<Tests>]
let scopes =
    testList
        "SessionToken scopes"
        [ let scopes =
              [ Some "shop", "web"
                Some "shop", "admin"
                Some "blog", "web"
                None, "web"
                None, "admin"
                Some "", "web"
                Some "shared", "web"
                Some "own", "web" ]

          test "promise 2: a token is foreign to every other name, application and shared flag" {
              for application, name in scopes do
                  let text, key = make (tokens [ secret ] application name)

                  for otherApplication, otherName in scopes do
                      let other = tokens [ secret ] otherApplication otherName

                      if (otherApplication, otherName) = (application, name) then
                          Expect.equal (genuine other text) (Some key) $"{application} {name}"
                      else
                          Expect.isTrue (isForeign other text) $"{application} {name} as {otherApplication} {otherName}"
          }

          test "† names and applications that concatenate alike do not share tokens" {
              let alike =
                  [ Some "shop", "web"
                    Some "sho", "pweb"
                    Some "shopw", "eb"
                    Some "shopweb", ""
                    Some "", "shopweb"
                    None, "shopweb"
                    Some "shop\000\000\000\003", "web"
                    Some "sho", "p\000\000\000\003web" ]

              for application, name in alike do
                  let text, _ = make (tokens [ secret ] application name)

                  for otherApplication, otherName in alike |> List.except [ application, name ] do
                      Expect.isTrue
                          (isForeign (tokens [ secret ] otherApplication otherName) text)
                          $"%A{(application, name)} as %A{(otherApplication, otherName)}"
          }

          test "a shared token is good for every application with the secret" {
              let text, key = make (tokens [ secret ] None "web")
              Expect.equal (genuine (tokens [ otherSecret; secret ] None "web") text) (Some key) "another process"
          }

          testProperty "† two applications and names share tokens only if they are the same"
          <| fun (one: FsCheck.NonEmptyString, name: FsCheck.NonEmptyString, cut: int) ->
              let all = one.Get + name.Get
              let at = 1 + (abs (cut % all.Length)) % all.Length
              let application, other = all.Substring(0, at), all.Substring at
              let text, _ = make (tokens [ secret ] (Some one.Get) name.Get)
              isForeign (tokens [ secret ] (Some application) other) text = (application <> one.Get) ]

[<Tests>]
let rotation =
    testList
        "SessionToken rotation"
        [ let ring secrets = tokens secrets (Some "shop") "web"

          test "promise 24: the first secret signs, all verify, and the store key stays" {
              let text, key = make (ring [ secret ])
              Expect.equal (genuine (ring [ otherSecret; secret ]) text) (Some key) "as the previous one"
              Expect.equal (genuine (ring [ otherSecret; "third"; secret ]) text) (Some key) "as an older one"
              let fresh, _ = make (ring [ otherSecret; secret ])
              Expect.isTrue (isForeign (ring [ secret ]) fresh) "the new one signs"
              Expect.isSome (genuine (ring [ otherSecret ]) fresh) "by itself"
          }

          test "promise 24: a removed secret ends its sessions" {
              let text, _ = make (ring [ secret ])
              Expect.isTrue (isForeign (ring [ otherSecret ]) text) "removed"
          }

          test "promise 24: a token that names a key and is signed by another is refused" {
              let both = KeyRing.ofSecrets [ secret; otherSecret ]
              let text, _ = make (ring [ otherSecret ])
              let bytes = bytesOf text
              BinaryPrimitives.WriteUInt16BigEndian(Span(bytes, 1, 2), both.Keys[0].Id)
              Expect.isTrue (isForeign (ring [ secret; otherSecret ]) (textOf bytes)) "refused"
          }

          test "two secrets whose key ids collide both verify" {
              let idOf secret = (KeyRing.ofSecrets [ secret ]).Keys[0].Id

              let one, other =
                  Seq.initInfinite (fun n -> $"secret {n}")
                  |> Seq.scan
                      (fun (seen: Map<uint16, string>, _) secret ->
                          match seen.TryFind(idOf secret) with
                          | Some before -> seen, Some(before, secret)
                          | None -> seen.Add(idOf secret, secret), None)
                      (Map.empty, None)
                  |> Seq.pick snd

              for signer in [ one; other ] do
                  let text, key = make (ring [ signer ])
                  Expect.equal (genuine (ring [ one; other ]) text) (Some key) signer
          }

          test "many threads read and make tokens at once, each its own" {
              let ring = ring [ secret; otherSecret ]
              let mutable wrong = 0

              Threading.Tasks.Parallel.For(
                  0,
                  10_000,
                  fun _ ->
                      let text, key = make ring

                      if genuine ring text <> Some key then
                          Threading.Interlocked.Increment &wrong |> ignore
              )
              |> ignore

              Expect.equal wrong 0 "none mixed up"
          }

          test "only a whole token of the right shape is foreign, all else is malformed" {
              let text, _ = make web

              for bad in
                  [ ""
                    "A"
                    text.Substring 1
                    text + "A"
                    text.Replace(text[5], '+')
                    " " + text.Substring 1
                    text.Substring(0, 67) + "="
                    text.Substring(0, 66) + "=="
                    text.Substring(0, 66) + "\r\n"
                    String('\uD800', 68)
                    String('é', 68)
                    String('\000', 68)
                    String('A', 68)
                    String('A', 100_000) ] do
                  Expect.isTrue (isMalformed web bad) $"{bad.Length} characters"

              for version in [ 0uy; 2uy; 255uy ] do
                  let bytes = bytesOf text
                  bytes[0] <- version
                  Expect.isTrue (isMalformed web (textOf bytes)) $"version {version}"
          } ]
