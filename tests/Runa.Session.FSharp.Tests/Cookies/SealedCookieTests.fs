module Runa.Session.Tests.SealedCookieTests

open System
open System.Buffers.Binary
open System.Buffers.Text
open System.Collections.Generic
open System.Text
open Expecto
open FsCheck.FSharp
open Runa.Session

let private secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
let private otherSecret = "0123456789abcdefghijklmnopqrstuvwxyz-other"

let private cookies secrets application name = SealedCookie(KeyRing.ofSecrets secrets, application, name)
let private web = cookies [ secret ] (Some "shop") "web"
let private bytesOf (text: string) = Base64Url.DecodeFromChars(text.AsSpan())
let private textOf (bytes: byte[]) = Base64Url.EncodeToString(ReadOnlySpan bytes)
let private sample = Encoding.UTF8.GetBytes """{"format":1,"values":{"visits":"7"}}"""

let private reading (cookie: SealedCookie) (text: string) =
    match cookie.Open(text.AsSpan()) with
    | SealReading.Opened plaintext -> "opened", Some plaintext
    | SealReading.Foreign -> "foreign", None
    | SealReading.Malformed -> "malformed", None

let private opens cookie text = fst (reading cookie text) = "opened"

[<Tests>]
let layout =
    testList
        "SealedCookie layout"
        [ test "a sealed cookie is version, key id, a 24-byte salt, the ciphertext and a 16-byte tag" {
              let bytes = bytesOf (web.Seal sample)
              Expect.equal bytes.Length (1 + 2 + 24 + sample.Length + 16) "length"
              Expect.equal bytes[0] 2uy "version"
              let keyId = BinaryPrimitives.ReadUInt16BigEndian(ReadOnlySpan(bytes, 1, 2))
              Expect.equal keyId (KeyRing.ofSecrets [ secret ]).Keys[0].Id "key id"
          }

          test "every cookie has a salt of its own, and so key, nonce and ciphertext" {
              let texts = [ for _ in 1..1_000 -> web.Seal sample ]
              let distinctBy (from: int) count =
                  texts |> List.distinctBy (fun text -> (bytesOf text)[from .. from + count - 1])
              Expect.hasLength (distinctBy 3 24) 1_000 "salts"
              Expect.hasLength (distinctBy 27 sample.Length) 1_000 "ciphertexts"
          }

          test "the length of the text is known before it is sealed" {
              for length in [ 0..200 ] @ [ 6_000; 6_101 ] do
                  Expect.equal
                      (web.Seal(Array.zeroCreate length)).Length
                      (SealedCookie.TextLength length)
                      $"{length} bytes"
          }

          test "it is never compressed: a thousand equal bytes are as long as a thousand random ones" {
              let random = Array.zeroCreate 1_000
              Random(1).NextBytes random
              Expect.equal (web.Seal(Array.zeroCreate 1_000)).Length (web.Seal random).Length "characters"
          }

          testProperty "promise 17: what is sealed is what is opened"
          <| fun (bytes: byte list) ->
              let plaintext = Array.ofList bytes
              reading web (web.Seal plaintext) = ("opened", Some plaintext) ]

[<Tests>]
let keys =
    testList
        "SealedCookie keys"
        [ test "promise 2: a cookie of another application, session name or secret is ignored" {
              let text = web.Seal sample

              for what, other in
                  [ "application", cookies [ secret ] (Some "blog") "web"
                    "name", cookies [ secret ] (Some "shop") "admin"
                    "secret", cookies [ otherSecret ] (Some "shop") "web"
                    "shared", cookies [ secret ] None "web"
                    "shared, by an empty name", cookies [ secret ] (Some "") "web"
                    "the fields shifted", cookies [ secret ] (Some "shopw") "eb" ] do
                  Expect.equal (reading other text) ("foreign", None) what

              Expect.equal (reading web text) ("opened", Some sample) "its own"
          }

          test "promise 24: the first secret seals, all open; a removed one opens no more" {
              let before = web.Seal sample
              let rotated = cookies [ otherSecret; secret ] (Some "shop") "web"
              Expect.equal (reading rotated before) ("opened", Some sample) "sealed before the rotation"
              let after = rotated.Seal sample
              Expect.equal
                  (reading (cookies [ otherSecret ] (Some "shop") "web") after)
                  ("opened", Some sample)
                  "the new one seals"
              Expect.equal (reading web after) ("foreign", None) "the old one alone does not open it"
              Expect.equal (reading (cookies [ otherSecret ] (Some "shop") "web") before) ("foreign", None) "removed"
          }

          test "two secrets with one key id are both tried" {
              let ring = KeyRing.ofSecrets [ secret; otherSecret ]

              let colliding: KeyRing =
                  { Keys = ring.Keys |> Array.map (fun key -> { key with Id = ring.Keys[1].Id }) }

              let text = (cookies [ otherSecret ] (Some "shop") "web").Seal sample
              Expect.equal
                  (reading (SealedCookie(colliding, Some "shop", "web")) text)
                  ("opened", Some sample)
                  "the second"
          }

          test "a token is no sealed cookie, and a sealed cookie no token" {
              let ring = KeyRing.ofSecrets [ secret ]
              let tokens = SessionToken(ring, Some "shop", "web")
              let token = tokens.Create().Text
              Expect.equal (reading web token) ("malformed", None) "a token"
              // 8 bytes of plaintext make the 51 bytes of a token.
              let text = web.Seal(Array.zeroCreate 8)
              Expect.equal text.Length token.Length "as long as a token"

              match tokens.Read(text.AsSpan()) with
              | TokenReading.Malformed -> ()
              | other -> failtest $"{other}"
          } ]

let private alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/// How many exceptions `act` raised inside, seen or not, on this thread.
let private raisedBy (act: unit -> unit) : int =
    let thread = Environment.CurrentManagedThreadId
    let mutable count = 0

    let onFirstChance =
        EventHandler<Runtime.ExceptionServices.FirstChanceExceptionEventArgs>(fun _ _ ->
            if Environment.CurrentManagedThreadId = thread then
                count <- count + 1)

    AppDomain.CurrentDomain.FirstChanceException.AddHandler onFirstChance

    try
        act ()
    finally
        AppDomain.CurrentDomain.FirstChanceException.RemoveHandler onFirstChance

    count

/// What anybody can send who holds no genuine cookie: none has the right version and key id in its first four characters.
let private junk =
    let character = Gen.oneof [ Gen.elements (List.ofSeq alphabet); Gen.map char (Gen.choose (0, 0xFFFF)) ]

    Gen.choose (0, 300)
    |> Gen.bind (fun length -> Gen.arrayOfLength length character)
    |> Gen.map String
    |> Gen.filter (fun text -> not (text.StartsWith(web.Seal(sample).Substring(0, 4), StringComparison.Ordinal)))

[<Tests>]
let forgeries =
    testList
        "SealedCookie forgeries"
        [ test "promise 6: every single bit flipped makes a cookie worthless" {
              let text = web.Seal sample
              let length = (bytesOf text).Length

              for bit in 0 .. length * 8 - 1 do
                  let bytes = bytesOf text
                  bytes[bit / 8] <- bytes[bit / 8] ^^^ (1uy <<< bit % 8)
                  Expect.isFalse (opens web (textOf bytes)) $"bit {bit}"
          }

          test "† a sealed cookie has one spelling: spare bits of the last character are refused" {
              // With 0, 2 and 4 spare bits.
              for length in [ 8; 9; 10 ] do
                  let text = web.Seal(Array.zeroCreate length)
                  let last = text.Length - 1

                  for c in alphabet do
                      if c <> text[last] then
                          Expect.isFalse (opens web (text.Substring(0, last) + string c)) $"{c} after {length} bytes"
          }

          test "promise 6: every truncation, at either end, is ignored" {
              let text = web.Seal sample

              for cut in 1 .. text.Length do
                  Expect.isFalse (opens web (text.Substring cut)) $"the first {cut} cut off"
                  Expect.isFalse (opens web (text.Substring(0, text.Length - cut))) $"the last {cut} cut off"
          }

          test "promise 6: padding, white space, percent-encoding, quotes and other alphabets are ignored" {
              let text = web.Seal sample

              for forged in
                  [ text + "="
                    text + "=="
                    " " + text
                    text + "\n"
                    text.Insert(40, " ")
                    "\"" + text + "\""
                    Uri.EscapeDataString(text.Insert(40, "="))
                    text.Insert(40, "%2D")
                    text.Replace('-', '+').Replace('_', '/') + "+"
                    text.Insert(40, "\000")
                    text.Insert(40, "é")
                    text + text
                    text.ToUpperInvariant()
                    "" ] do
                  Expect.isFalse (opens web forged) (Uri.EscapeDataString forged)
          }

          test "promise 6: the header of one cookie with the rest of another is ignored" {
              let a, b = bytesOf (web.Seal sample), bytesOf (web.Seal sample)

              // Version and key id are the same in both; that 8 bytes of salt are too does not happen.
              for at in 11 .. a.Length - 1 do
                  let mixed = Array.append a[.. at - 1] b[at..]

                  // The last byte, and rarely the last two, can be the same in both.
                  if mixed <> a then
                      Expect.isFalse (opens web (textOf mixed)) $"cut at {at}"
          }

          test "promise 6: the longest is 8,192 characters; one longer is not even decoded" {
              let longest = web.Seal(Array.zeroCreate 6_101)
              Expect.equal longest.Length 8_192 "characters"
              Expect.isTrue (opens web longest) "opens"
              let longer = web.Seal(Array.zeroCreate 6_102)
              Expect.equal longer.Length 8_194 "characters"
              Expect.equal (reading web longer) ("malformed", None) "one longer"
          }

          test "promise 6: of 20,000 values by somebody without a key none opens, and none raises inside" {
              let values = Gen.sampleWithSize 50 20_000 junk |> Array.ofSeq
              let opened = List<string>()

              let raised =
                  raisedBy (fun () ->
                      for value in values do
                          if opens web value then
                              opened.Add value)

              Expect.equal (opened.Count, raised) (0, 0) "opened, raised"
          }

          test "promise 6: a wrong tag under a right key id raises one exception inside, and none leaves" {
              let bytes = bytesOf (web.Seal sample)
              bytes[bytes.Length - 1] <- bytes[bytes.Length - 1] ^^^ 1uy
              let mutable result = "", None
              let raised = raisedBy (fun () -> result <- reading web (textOf bytes))
              Expect.equal result ("foreign", None) "reading"
              Expect.equal raised 1 "AesGcm's, which has no other way to say so"
          } ]
