/// Promise 6: what browsers, neighbours and attackers send instead of a token.
module Runa.Session.Tests.SessionTokenForgeryTests

open System
open System.Buffers.Text
open Expecto
open FsCheck.FSharp
open Microsoft.Extensions.Primitives
open Runa.Session

let private secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
let private ring = KeyRing.ofSecrets [ secret; secret + "-previous" ]
let private web = SessionToken(ring, Some "shop", "web")

let private make (tokens: SessionToken) =
    let text = tokens.Create().Text
    text

let private isGenuine (text: string) =
    match web.Read(text.AsSpan()) with
    | TokenReading.Genuine _ -> true
    | _ -> false

let private alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
let private anyCharacter = Gen.map char (Gen.choose (0, 0xFFFF))

let private junk =
    Gen.oneof
        [ Gen.elements (List.ofSeq alphabet)
          anyCharacter
          Gen.elements (List.ofSeq "= ;,\t\r\n%+/\"\000") ]

let private textOf length characters = Gen.arrayOfLength length characters |> Gen.map String

/// A genuine token with one thing done to it.
let private mutated =
    gen {
        let text, other = make web, make web
        let! at = Gen.choose (0, 67)
        let! c = junk
        let! cut = Gen.choose (0, 67)

        return!
            Gen.elements
                [ text.Remove(at, 1).Insert(at, string c)
                  text.Insert(at, string c)
                  text.Remove(at, 1)
                  text.Substring(0, cut)
                  text.Substring(at) + text.Substring(0, at)
                  text + text
                  text.ToUpperInvariant()
                  Uri.EscapeDataString(text.Remove(at, 1).Insert(at, "="))
                  "\"" + text + "\""
                  String(Array.rev (text.ToCharArray()))
                  text.Substring(0, at) + other.Substring at ]
            // White space around a value does not count.
            |> Gen.map (fun forged -> if forged.Trim() = text || forged = other then "" else forged)
    }

let private value =
    Gen.frequency
        [ 4, mutated
          2, textOf 68 (Gen.elements (List.ofSeq alphabet))
          1, textOf 68 junk
          1, Gen.choose (0, 200) |> Gen.bind (fun length -> textOf length junk)
          1, Gen.constant (make (SessionToken(ring, Some "shop", "admin"))) ]

let private header =
    gen {
        let! values = Gen.choose (0, 6) |> Gen.bind (fun count -> Gen.listOfLength count value)

        let! names =
            Gen.listOfLength values.Length (Gen.elements [ "__Host-runa_session"; "other"; "__host-runa_session"; "" ])

        let! glue = Gen.elements [ "; "; ";"; " ;"; ","; "=" ]
        return String.Join(glue, List.map2 (fun name value -> name + "=" + value) names values)
    }

/// What `act` raised inside, seen or not, on this thread.
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

let private sample count generator = Gen.sampleWithSize 50 count generator |> Array.ofSeq

/// How many of the texts were genuine, and the bytes that reading them took.
let private allocated (tokens: SessionToken) (texts: string[]) (rounds: int) : int * int64 =
    let before = GC.GetAllocatedBytesForCurrentThread()
    let mutable genuine = 0

    for _ in 1..rounds do
        for text in texts do
            match tokens.Read(text.AsSpan()) with
            | TokenReading.Genuine _ -> genuine <- genuine + 1
            | _ -> ()

    let bytes = GC.GetAllocatedBytesForCurrentThread() - before
    genuine, bytes

[<Tests>]
let tests =
    testList
        "SessionToken forgeries"
        [ test "the counter of exceptions, which these tests use, counts them" {
              let raised =
                  raisedBy (fun () ->
                      try
                          failwith "seen"
                      with _ ->
                          ())
              Expect.equal raised 1 "one, although it was caught"
          }

          test "promise 6: of 100,000 random and mutated cookie values none is accepted, and none raises inside" {
              let values = sample 100_000 value
              let mutable accepted = 0

              let raised =
                  raisedBy (fun () ->
                      for text in values do
                          if isGenuine text then
                              accepted <- accepted + 1)

              Expect.equal (accepted, raised) (0, 0) "accepted, raised"
              Expect.isTrue (isGenuine (make web)) "a genuine one is accepted afterwards"
          }

          test "promise 6: of 20,000 random Cookie headers none is accepted, and none raises inside" {
              let setup = SessionSetup.empty |> SessionSetup.application "shop" |> SessionSetup.secrets [ secret ]
              use registry = SessionRegistry.create setup
              let session = Engine.definition registry "web"
              let headers = sample 20_000 header
              let mutable accepted = 0

              let raised =
                  raisedBy (fun () ->
                      for text in headers do
                          let mutable sawForeign = false

                          if (Engine.findToken (session, StringValues text, &sawForeign)).IsSome then
                              accepted <- accepted + 1)

              Expect.equal (accepted, raised) (0, 0) "accepted, raised"
              let mutable sawForeign = false
              let genuine = StringValues $"__Host-runa_session={make web}"
              Expect.isTrue (Engine.findToken (session, genuine, &sawForeign)).IsSome "a genuine one is accepted"
          }

          test "promise 6: every single bit flipped makes a token worthless" {
              let text = make web

              for bit in 0 .. 51 * 8 - 1 do
                  let bytes = Base64Url.DecodeFromChars(text.AsSpan())
                  bytes[bit / 8] <- bytes[bit / 8] ^^^ (1uy <<< bit % 8)
                  Expect.isFalse (isGenuine (Base64Url.EncodeToString(ReadOnlySpan bytes))) $"bit {bit}"
          }

          test "† a token has one spelling: every other character in every place is refused" {
              let text = make web

              for at in 0..67 do
                  for c in alphabet do
                      if c <> text[at] then
                          Expect.isFalse (isGenuine (text.Remove(at, 1).Insert(at, string c))) $"{c} at {at}"
          }

          test "promise 6: reading allocates nothing, whether the tag holds or not" {
              // Its own, so that no other test takes from its pool.
              let web = SessionToken(ring, Some "shop", "web")
              let good = make web
              let foreign = make (SessionToken(ring, Some "shop", "admin"))
              let texts = [| good; foreign; good.Substring 1; String('!', 68); ""; String('A', 10_000) |]

              allocated web texts 200 |> ignore // compiled, and the pool filled
              // The least of several rounds: the runtime itself may allocate while it compiles again what is hot.
              let rounds = List.init 5 (fun _ -> allocated web texts 100)
              Expect.equal (List.map fst rounds) (List.replicate 5 100) "genuine"
              Expect.equal (rounds |> List.map snd |> List.min) 0L "bytes"
          } ]
