namespace Runa.Session

open System.Security.Claims

/// Converts principals of ASP.NET Core to what a session keeps about its owner, and back.
[<RequireQualifiedAccess>]
module SessionPrincipal =
    /// The principal's claims as Session.signInWith takes them: types and values, each once. The NameIdentifier is left
    /// out if it equals the owner.
    val claims: owner: string -> principal: ClaimsPrincipal -> Map<string, string list>

    /// The owner for a principal. None: it does not say who the user is.
    val internal tryOwner: principal: ClaimsPrincipal -> string option

    /// The owner for a principal that signs in to the session of this name: its NameIdentifier, else its "sub", else its
    /// name. Raises ArgumentException if it has none of them.
    val owner: session: string -> principal: ClaimsPrincipal -> string

    /// Whether the principal is somebody, and not a visitor who is not signed in.
    val internal isUser: principal: ClaimsPrincipal -> bool

    /// The principal of an owner. It contains nothing else of the session.
    val internal ofOwner:
        scheme: string ->
        issuer: string ->
        options: SessionAuthenticationOptions ->
        owner: string ->
        claims: Map<string, string list> ->
            ClaimsPrincipal
