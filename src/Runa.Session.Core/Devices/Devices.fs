namespace Runa.Session

open System
open System.Security.Cryptography
open Runa.Session.Hosting

/// What the sessions of one name need to be bound to devices.
[<Sealed>]
type internal Devices(ring: KeyRing, application: string option, name: string, scope: string, cookie: SetCookie) =
    // A session's name has no blank, so this is the scope of no session.
    let scope = $"{scope} device"

    member val Challenges = DeviceChallenges(ring, application, name)
    member val Cookies = BoundCookies(ring, application, name)

    /// Name and attributes of the bound cookie.
    member _.Cookie = cookie

    /// The scope of the devices' records.
    member _.Scope = scope

    /// Where the store keeps the device of this id. It does not depend on the secrets, which change.
    member _.KeyOf(id: string) : StoreKey =
        let hash = SHA256.HashData(ReadOnlySpan(LengthPrefixed.bytes [ "Runa.Session device v1"; scope; id ]))

        StoreKey.ofBytes (ReadOnlySpan(hash, 0, 16))
