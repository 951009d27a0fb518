module Runa.Session.Tests.SqlTextTests

open System
open System.Text
open Expecto
open FsCheck.FSharp
open Runa.Session

/// Texts with what databases dislike, often.
let private awkward =
    Gen.elements [ 'a'; '%'; '#'; '0'; '\000'; '\n'; '\127'; 'é'; '\ud83d'; '\ude00' ]
    |> Gen.listOf
    |> Gen.map (fun chars -> String(Array.ofList chars))

/// Throws for text that is not Unicode, as providers do.
let private strict = UTF8Encoding(false, true)

[<Tests>]
let tests =
    testList
        "SqlText"
        [ test "plain text stays as it is" {
              Expect.equal (SqlText.encode "shop/web, Zoë 😀") "shop/web, Zoë 😀" "encoded"
          }
          test "characters that a database may refuse are escaped" {
              Expect.equal (SqlText.encode ("a%b\000c" + string '\ud83d')) "a%0025b%0000c%D83D" "encoded"
          }
          testProperty "different texts stay different"
          <| Prop.forAll (Arb.fromGen (Gen.two awkward)) (fun (a, b) -> (SqlText.encode a = SqlText.encode b) = (a = b))
          testProperty "every text becomes one that every database holds"
          <| Prop.forAll (Arb.fromGen awkward) (fun text ->
              let encoded = SqlText.encode text
              // Raises for what is not Unicode.
              strict.GetByteCount encoded >= text.Length && encoded |> Seq.forall (Char.IsControl >> not))
          test "long texts are cut to what an index holds, and stay different" {
              let long = String('é', 5000)
              let encoded = SqlText.encode (long + "1")
              Expect.isLessThanOrEqual encoded.Length SqlText.maxLength "length"
              Expect.stringStarts encoded "ééé" "its beginning can be read"
              Expect.notEqual encoded (SqlText.encode (long + "2")) "another"
          }
          test "a long text is not cut between the halves of a surrogate pair" {
              for before in 0..1 do
                  let encoded = SqlText.encode (String('x', before) + String.replicate 300 "😀")
                  Expect.isGreaterThan (strict.GetByteCount encoded) 0 "it is Unicode"
          }
          test "no application's scope is that of the epochs" {
              Expect.notEqual (SqlText.encode "%epoch") SqlText.epochScope "encoded"
              Expect.notEqual (SqlText.encode SqlText.epochScope) SqlText.epochScope "encoded"
          }
          test "an epoch's key is no store key, and tells scopes and owners apart" {
              let keys =
                  [ SqlText.scopeEpoch "a"
                    SqlText.scopeEpoch "b"
                    SqlText.ownerEpoch "a" "b"
                    SqlText.ownerEpoch "a\nb" ""
                    SqlText.ownerEpoch "ab" ""
                    SqlText.ownerEpoch "" "ab" ]

              Expect.hasLength (List.distinct keys) keys.Length "all different"
              Expect.isTrue (keys |> List.forall (StoreKey.ofText >> Option.isNone)) "no store key"
          } ]
