namespace Runa.Session

open System
open System.Buffers.Binary
open System.Security.Cryptography
open System.Text

/// The keys derived from one secret.
[<RequireQualifiedAccess; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal SecretKey =
    {
        /// Names the key in a token. It is derived from the secret too, so it stays the same when other secrets come
        /// and go.
        Id: uint16
        /// Signs tokens.
        Token: byte[]
        /// Goes into the keys that seal records at rest.
        Seal: byte[]
        /// HKDF's extract of the secret. KeyRing.expand derives the keys of a single session name from it.
        Extract: byte[]
    }

    override _.ToString() = "SecretKey"
    member key.Display = key.ToString()

/// The application's secrets. The first one signs, all of them verify (promise 24).
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal KeyRing = { Keys: SecretKey[] }

module internal KeyRing =
    let private derive (secret: byte[]) (purpose: string) length =
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, length, [||], Encoding.UTF8.GetBytes purpose)

    let private ofSecret (secret: string) : SecretKey =
        let bytes = Encoding.UTF8.GetBytes secret

        { Id = BinaryPrimitives.ReadUInt16BigEndian(ReadOnlySpan(derive bytes "Runa.Session key id v1" 2))
          Token = derive bytes "Runa.Session token v1" 32
          Seal = derive bytes "Runa.Session seal v1" 32
          Extract = HKDF.Extract(HashAlgorithmName.SHA256, bytes, [||]) }

    let ofSecrets (secrets: string list) : KeyRing =
        { Keys = secrets |> List.distinct |> List.map ofSecret |> Array.ofList }

    /// Bytes that differ for each purpose, application (None: shared between applications) and session name, so that a
    /// key for one is worthless for another (promise 2).
    let context (purpose: string) (application: string option) (name: string) : byte[] =
        LengthPrefixed.bytes
            [ purpose; (if application.IsNone then "shared" else "own"); defaultArg application ""; name ]

    /// A key of 32 bytes for this context, by HKDF of the secret without salt.
    let expand (key: SecretKey) (context: byte[]) : byte[] =
        HKDF.Expand(HashAlgorithmName.SHA256, key.Extract, 32, context)
