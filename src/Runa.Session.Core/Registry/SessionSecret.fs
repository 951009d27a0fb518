namespace Runa.Session

open System
open System.Security.Cryptography

/// Makes secrets.
[<RequireQualifiedAccess>]
module SessionSecret =
    /// A new random secret of 32 bytes, as 44 characters of Base64. Keep it where the application's secrets are, and
    /// give it to the application as `app:secret` or in the environment as RUNA_SECRET.
    let create () : string = Convert.ToBase64String(RandomNumberGenerator.GetBytes 32)
