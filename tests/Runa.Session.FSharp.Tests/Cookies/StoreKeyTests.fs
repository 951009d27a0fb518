module Runa.Session.Tests.StoreKeyTests

open System
open Expecto
open Runa.Session

let private ofBytes (bytes: byte[]) = StoreKey.ofBytes (ReadOnlySpan bytes)

/// Sixteen bytes from any two numbers.
let private bytes (a: int64) (b: int64) = Array.append (BitConverter.GetBytes a) (BitConverter.GetBytes b)

[<Tests>]
let tests =
    testList
        "StoreKey"
        [ testProperty "bytes and text lead back to the key, and keys are equal when their bytes are"
          <| fun (a: int64, b: int64, c: int64) ->
              let key, other = ofBytes (bytes a b), ofBytes (bytes a c)

              StoreKey.toBytes key = bytes a b
              && StoreKey.ofText (StoreKey.toText key) = Some key
              && (key = other) = (b = c)
              && key.Equals(box other) = (b = c)
              && hash key = hash (ofBytes (bytes a b))

          testProperty "no other text is a key"
          <| fun (text: string | null) ->
              match StoreKey.ofText text with
              | None -> true
              | Some key -> String.Equals(StoreKey.toText key, text)

          test "one spelling of the spare bits is a key, the others are not" {
              let text = StoreKey.toText (ofBytes (Array.zeroCreate 16))
              Expect.equal text "AAAAAAAAAAAAAAAAAAAAAA" "zeroes"

              for last in "BCDEFGHIJKLMNOP" do
                  Expect.isNone (StoreKey.ofText (text.Substring(0, 21) + string last)) $"ends in {last}"

              for bad in
                  [ ""
                    text + "A"
                    text.Substring 1
                    text.Substring(0, 20) + " A"
                    text.Substring(0, 20) + "=="
                    "é" + text.Substring 1 ] do
                  Expect.isNone (StoreKey.ofText bad) bad

              Expect.isNone (StoreKey.ofText null) "null"
          }

          test "any other number of bytes is refused" {
              for length in [ 0; 15; 17 ] do
                  Expect.throwsT<ArgumentException> (fun () -> ofBytes (Array.zeroCreate length) |> ignore) $"{length}"
          } ]
