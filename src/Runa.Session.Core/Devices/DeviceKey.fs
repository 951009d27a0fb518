namespace Runa.Session

open System
open System.Buffers.Text
open System.Security.Cryptography
open System.Text.Json

/// The public key of a device, as a JSON Web Key (RFC 7517) of the two kinds that Device Bound Session Credentials know.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal DeviceKey =
    /// ES256 (RFC 7518 §3.4): the coordinates of a point on P-256, 32 bytes each.
    | P256 of x: byte[] * y: byte[]
    /// RS256 (RFC 7518 §3.3): a modulus of 2,048 to 4,096 bits. The exponent is 65,537.
    | Rsa of modulus: byte[]

    /// The algorithm of its signatures.
    member key.Algorithm =
        match key with
        | DeviceKey.P256 _ -> "ES256"
        | DeviceKey.Rsa _ -> "RS256"

module internal DeviceKey =
    let private exponent = "AQAB"

    let private isOf (name: string) (value: string) (jwk: JsonElement) : bool =
        match jwk.TryGetProperty name with
        | true, found -> found.ValueKind = JsonValueKind.String && found.ValueEquals value
        | _ -> false

    /// The bytes of a member, in the one spelling that base64url has for them.
    let private bytes (name: string) (jwk: JsonElement) : byte[] voption =
        match jwk.TryGetProperty name with
        | true, found when found.ValueKind = JsonValueKind.String ->
            Base64UrlText.tryDecode (nonNull (found.GetString()))
        | _ -> ValueNone

    /// Whether the point is on the curve.
    let private isPoint (x: byte[]) (y: byte[]) : bool =
        try
            use _ = ECDsa.Create(ECParameters(Curve = ECCurve.NamedCurves.nistP256, Q = ECPoint(X = x, Y = y)))

            true
        with :? CryptographicException ->
            false

    let private p256 (jwk: JsonElement) : Result<DeviceKey, string> =
        match isOf "crv" "P-256" jwk, bytes "x" jwk, bytes "y" jwk with
        | true, ValueSome x, ValueSome y when x.Length = 32 && y.Length = 32 && isPoint x y -> Ok(DeviceKey.P256(x, y))
        | _ -> Error "its key is no point on P-256"

    let private rsa (jwk: JsonElement) : Result<DeviceKey, string> =
        match isOf "e" exponent jwk, bytes "n" jwk with
        | true, ValueSome modulus when
            modulus.Length >= 256
            && modulus.Length <= 512
            && modulus[0] > 127uy
            && modulus[modulus.Length - 1] &&& 1uy = 1uy
            ->
            Ok(DeviceKey.Rsa modulus)
        | _ -> Error "its key is no RSA key of 2,048 to 4,096 bits with the exponent 65,537"

    /// Reads the key of a proof with this algorithm. A private key is refused: whoever sends one has lost it.
    let ofJwk (algorithm: string) (jwk: JsonElement) : Result<DeviceKey, string> =
        let has (name: string) = fst (jwk.TryGetProperty name)

        if has "d" then
            Error "its key is a private one"
        elif has "alg" && not (isOf "alg" algorithm jwk) then
            Error "its key is of another algorithm"
        elif algorithm = "ES256" && isOf "kty" "EC" jwk then
            p256 jwk
        elif algorithm = "RS256" && isOf "kty" "RSA" jwk then
            rsa jwk
        else
            Error "its key is of another kind than its algorithm"

    let private text (bytes: byte[]) = Base64Url.EncodeToString(ReadOnlySpan bytes)

    /// The key as the store keeps it: the members of its thumbprint (RFC 7638), in their order.
    let toJson (key: DeviceKey) : string =
        match key with
        | DeviceKey.P256(x, y) -> $"""{{"crv":"P-256","kty":"EC","x":"{text x}","y":"{text y}"}}"""
        | DeviceKey.Rsa modulus -> $"""{{"e":"{exponent}","kty":"RSA","n":"{text modulus}"}}"""

    /// Reads what toJson wrote. None: it is something else.
    let ofJson (json: string) : DeviceKey option =
        try
            use document = JsonDocument.Parse(json, JsonDocumentOptions(AllowDuplicateProperties = false))
            let root = document.RootElement
            let algorithm = if isOf "kty" "EC" root then "ES256" else "RS256"
            ofJwk algorithm root |> Result.toOption
        with
        | :? JsonException
        | :? InvalidOperationException -> None

    /// Whether the device signed these bytes. The signature is as JSON Web Signature has it: for ES256 two numbers of 32 bytes.
    let verify (key: DeviceKey) (signed: byte[]) (signature: byte[]) : bool =
        match key with
        | DeviceKey.P256(x, y) ->
            use ecdsa = ECDsa.Create(ECParameters(Curve = ECCurve.NamedCurves.nistP256, Q = ECPoint(X = x, Y = y)))

            signature.Length = 64
            && ecdsa.VerifyData(
                signed,
                signature,
                HashAlgorithmName.SHA256,
                DSASignatureFormat.IeeeP1363FixedFieldConcatenation
            )
        | DeviceKey.Rsa modulus ->
            use rsa = RSA.Create(RSAParameters(Modulus = modulus, Exponent = [| 1uy; 0uy; 1uy |]))

            signature.Length = modulus.Length
            && rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
