/// Devices of tests: keys, and proofs that they sign.
module internal Runa.Session.Tests.Devices

open System
open System.Buffers.Text
open System.Security.Cryptography
open System.Text
open System.Text.Json

let base64 (bytes: byte[]) : string = Base64Url.EncodeToString(ReadOnlySpan bytes)

/// One device: its key, and how it signs.
type Device = { Algorithm: string; Jwk: string; Sign: byte[] -> byte[] }

let ecDevice () : Device =
    let key = ECDsa.Create ECCurve.NamedCurves.nistP256
    let point = (key.ExportParameters false).Q
    let x, y = base64 (nonNull point.X), base64 (nonNull point.Y)

    { Algorithm = "ES256"
      Jwk = $"""{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"""
      Sign = fun data -> key.SignData(data, HashAlgorithmName.SHA256) }

let rsaDevice (bits: int) : Device =
    let key = RSA.Create bits
    let modulus = base64 (nonNull (key.ExportParameters false).Modulus)

    { Algorithm = "RS256"
      Jwk = $"""{{"e":"AQAB","kty":"RSA","n":"{modulus}"}}"""
      Sign = fun data -> key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) }

/// The header's value: these two JSON texts, signed by the device.
let signed (device: Device) (header: string) (claims: string) : string =
    let part (json: string) = base64 (Encoding.UTF8.GetBytes json)
    let data = $"{part header}.{part claims}"
    $"\"{data}.{base64 (device.Sign(Encoding.ASCII.GetBytes data))}\""

let header (device: Device) (more: string) : string = $"""{{"typ":"dbsc+jwt","alg":"{device.Algorithm}"{more}}}"""

let claims (challenge: string) : string = $"""{{"jti":{JsonSerializer.Serialize challenge}}}"""

/// What a browser sends to register.
let registration (device: Device) (challenge: string) : string =
    signed device (header device $",\"jwk\":{device.Jwk}") (claims challenge)

/// What a browser sends to refresh.
let refresh (device: Device) (challenge: string) : string = signed device (header device "") (claims challenge)
