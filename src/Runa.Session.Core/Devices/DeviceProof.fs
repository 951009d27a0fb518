namespace Runa.Session

open System
open System.Text
open System.Text.Json

/// A proof that a browser sends in the header Secure-Session-Response: a JSON Web Signature (RFC 7515) over a challenge. It
/// was read, and its signature was not verified.
[<RequireQualifiedAccess; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal DeviceProof =
    {
        /// ES256 or RS256.
        Algorithm: string
        /// The key that a registration brings. None: a refresh.
        Key: DeviceKey option
        /// The challenge that was signed.
        Challenge: string
        Signed: byte[]
        Signature: byte[]
    }

    /// Promise 5: neither the challenge nor the signature is printed.
    override proof.ToString() = $"DeviceProof ({proof.Algorithm})"

    member proof.Display = proof.ToString()

/// Reads proofs: https://w3c.github.io/webappsec-dbsc/, “DBSC Proof JWTs”. Nothing of a proof that is refused is believed.
module internal DeviceProof =
    /// An RSA key of 4,096 bits, its signature and a challenge take less than 3,000.
    let longest = 8_192

    let private strict = JsonDocumentOptions(MaxDepth = 4, AllowDuplicateProperties = false)

    /// The JSON object of a part, for as long as `read` runs.
    let private reading (what: string) (part: string) (read: JsonElement -> Result<'T, string>) : Result<'T, string> =
        match Base64UrlText.tryDecode part with
        | ValueNone -> Error $"its {what} is not base64url"
        | ValueSome bytes ->
            try
                use document = JsonDocument.Parse(ReadOnlyMemory bytes, strict)

                if document.RootElement.ValueKind = JsonValueKind.Object then
                    read document.RootElement
                else
                    Error $"its {what} is no JSON object"
            with
            | :? JsonException
            | :? InvalidOperationException -> Error $"its {what} is no JSON object"

    let private text (name: string) (from: JsonElement) : string option =
        match from.TryGetProperty name with
        | true, found when found.ValueKind = JsonValueKind.String -> found.GetString() |> Option.ofObj
        | _ -> None

    let private key (algorithm: string) (header: JsonElement) : Result<DeviceKey option, string> =
        match header.TryGetProperty "jwk" with
        | true, jwk when jwk.ValueKind = JsonValueKind.Object -> DeviceKey.ofJwk algorithm jwk |> Result.map Some
        | true, _ -> Error "its key is no JSON object"
        | _ -> Ok None

    let private header (header: JsonElement) : Result<string * DeviceKey option, string> =
        match text "typ" header, text "alg" header with
        | Some "dbsc+jwt", Some("ES256" | "RS256" as algorithm) ->
            if fst (header.TryGetProperty "crit") then
                Error "it has critical extensions, of which none is known"
            else
                key algorithm header |> Result.map (fun key -> algorithm, key)
        | Some "dbsc+jwt", _ -> Error "its algorithm is neither ES256 nor RS256"
        | _ -> Error "its type is not dbsc+jwt"

    let private challenge (claims: JsonElement) : Result<string, string> =
        match text "jti" claims with
        | Some challenge -> Ok challenge
        | None -> Error "its challenge (jti) is missing"

    /// The text of a structured field that is one string (RFC 9651 §3.3.3). A proof needs no escapes. Chromium leaves the
    /// quotes out.
    let private unquoted (field: string) : string =
        if field.Length >= 2 && field.StartsWith '"' && field.EndsWith '"' then
            field.Substring(1, field.Length - 2)
        else
            field

    let private ofParts (parts: string[]) : Result<DeviceProof, string> =
        match parts with
        | [| first; second; third |] ->
            match reading "header" first header, reading "content" second challenge, Base64UrlText.tryDecode third with
            | Ok(algorithm, key), Ok challenge, ValueSome signature ->
                Ok
                    { Algorithm = algorithm
                      Key = key
                      Challenge = challenge
                      Signed = Encoding.ASCII.GetBytes $"{first}.{second}"
                      Signature = signature }
            | Error why, _, _
            | _, Error why, _ -> Error why
            | _, _, ValueNone -> Error "its signature is not base64url"
        | parts -> Error $"it has {parts.Length} parts, not 3"

    /// Reads the value of the header Secure-Session-Response. Never raises; the error says what is wrong, without any part of
    /// the proof.
    let read (field: string) : Result<DeviceProof, string> =
        if field.Length > longest then
            Error $"it has {field.Length} characters, more than {longest}"
        else
            ofParts ((unquoted field).Split '.')

    /// Whether this key signed the proof, by the algorithm of the key: a proof does not choose how it is verified.
    let isSignedBy (key: DeviceKey) (proof: DeviceProof) : bool =
        proof.Algorithm = key.Algorithm && DeviceKey.verify key proof.Signed proof.Signature
