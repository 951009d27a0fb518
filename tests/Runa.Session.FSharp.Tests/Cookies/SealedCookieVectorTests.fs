/// Vectors that `node sealed-cookie-vectors.mjs`, beside this file, printed: written on Node's crypto module from the
/// description of the format, with no code of the library. The library must open them, and seal to them under their salt.
module Runa.Session.Tests.SealedCookieVectorTests

open System
open Expecto
open Runa.Session

type private Vector =
    { Secret: string
      Application: string option
      Name: string
      Salt: string
      Plaintext: string
      Text: string }

let private vectors =
    [ { Secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
        Application = Some "shop"
        Name = "web"
        Salt = "000102030405060708090a0b0c0d0e0f1011121314151617"
        Plaintext = ""
        Text = "AjS1AAECAwQFBgcICQoLDA0ODxAREhMUFRYXvYBjYjYDi4qDZ3UBNhp9Ng" }
      { Secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
        Application = Some "shop"
        Name = "web"
        Salt = "6465666768696a6b6c6d6e6f707172737475767778797a7b"
        Plaintext = "7b22666f726d6174223a317d"
        Text = "AjS1ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7vfrM5j40lKQxmsze-vCKX6R-Pylu6TPE3YF1qw" }
      { Secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
        Application = Some "Lädchen"
        Name = "admin"
        Salt = "e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
        Plaintext = "4772c3bcc39f652c20e4b896e7958c20f09fa68a"
        Text = "AjS16Onq6-zt7u_w8fLz9PX29_j5-vv8_f7_VLWn70aaE4NHsC0p7u1W751UhHEkda8adiPMoP84XKPACjg2" }
      { Secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
        Application = None
        Name = "web"
        Salt = "ffffffffffffffffffffffffffffffffffffffffffffffff"
        Plaintext =
          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b"
          + "2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f5051525354555657"
          + "58595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
          + "8485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
          + "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadb"
          + "dcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
        Text =
          "AjS1________________________________GRe6J7inYQMpwvUrvTWb0b7E6u765Q8aOA2LbekstXEI_tiNEGnx"
          + "OLmbeNCbWGppn2vuuTSVxynmWUwmcQipZlprXd8jfP58IBf3ybr66YOWXiPf6Z36yZBlh-4iQA3QemipIsGl9nF4"
          + "m4Nl7PbaBP-mlAc3YBkHaeqmfkG7tVT-j8A-QN_Z3wlYMyx8r8YiBb3E-xCNzKNpko8wcjheX3Go16oB_3kA6fZk"
          + "xA4sYww2e93ua5TgiwS4uX4u_30kmdAKzvK8vvIgFxCQMjpGLezJGYC2ynX9w0Rz3iuF93PZc8QSJf-tFwXmi0H0"
          + "3tZ3BEuAq3F2VX6KWysvDCVmqb-0GPvGNyomSvF7v3Jn6Uc" }
      { Secret = "an entirely different secret, 48 bytes of it, ok"
        Application = Some ""
        Name = "api"
        Salt = "000000000000000000000000000000000000000000000000"
        Plaintext = "0708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
        Text =
          "AsJ_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAApyyeDba-aHOK6rP9jqtTSbxakEZiQrbWOLcA_B2XAPUVLb7WX3NK"
          + "MOWaPONiYMMG9g" } ]

let private cookie (vector: Vector) = SealedCookie(KeyRing.ofSecrets [ vector.Secret ], vector.Application, vector.Name)

let private opened (cookie: SealedCookie) (text: string) : byte[] option =
    match cookie.Open(text.AsSpan()) with
    | SealReading.Opened plaintext -> Some plaintext
    | SealReading.Foreign
    | SealReading.Malformed -> None

[<Tests>]
let tests =
    testList
        "SealedCookie vectors"
        [ for index, vector in List.indexed vectors do
              let plaintext = Convert.FromHexString vector.Plaintext
              let salt = Convert.FromHexString vector.Salt

              test $"vector {index + 1} of another implementation opens" {
                  Expect.equal (opened (cookie vector) vector.Text) (Some plaintext) "plaintext"
              }

              test $"vector {index + 1} of another implementation is what its salt and plaintext are sealed to" {
                  let text = (cookie vector).SealWith(ReadOnlySpan salt, ReadOnlySpan plaintext)
                  Expect.equal text vector.Text "text"
              }

              test $"promise 2: vector {index + 1} opens for its own secret, application and name only" {
                  let others =
                      [ { vector with Secret = vector.Secret + "!" }
                        { vector with Name = vector.Name + "2" }
                        { vector with Application = Some "another" }
                        { vector with Application = (if vector.Application.IsNone then Some "" else None) } ]

                  for other in others do
                      Expect.isNone (opened (cookie other) vector.Text) $"{other.Application} {other.Name}"
              } ]
