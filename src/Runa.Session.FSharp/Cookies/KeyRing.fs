namespace Runa.Session

open System
open System.Buffers.Binary
open System.Security.Cryptography
open System.Text

/// What is derived from one secret.
[<RequireQualifiedAccess; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal SecretKey =
    {
        /// Names the key in a token; derived too, so that it does not shift when secrets are added or removed.
        Id: uint16
        /// Signs tokens.
        Token: byte[]
        /// Goes into the keys of what is sealed at rest.
        Seal: byte[]
    }

    override _.ToString() = "SecretKey"
    member key.Display = key.ToString()

/// The application's secrets: the first signs, all verify (promise 24).
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal KeyRing = { Keys: SecretKey[] }

module internal KeyRing =
    let private derive (secret: byte[]) (purpose: string) length =
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, length, [||], Encoding.UTF8.GetBytes purpose)

    let private ofSecret (secret: string) : SecretKey =
        let bytes = Encoding.UTF8.GetBytes secret

        { Id = BinaryPrimitives.ReadUInt16BigEndian(ReadOnlySpan(derive bytes "Runa.Session key id v1" 2))
          Token = derive bytes "Runa.Session token v1" 32
          Seal = derive bytes "Runa.Session seal v1" 32 }

    let ofSecrets (secrets: string list) : KeyRing =
        { Keys = secrets |> List.distinct |> List.map ofSecret |> Array.ofList }
