namespace Runa.Session

open System
open System.Security.Claims

[<RequireQualifiedAccess>]
module SessionPrincipal =
    /// The claim type of the subject in OpenID Connect.
    let private subject = "sub"

    let private usable (text: string | null) =
        match text with
        | null -> None
        | text when String.IsNullOrWhiteSpace text -> None
        | text -> Some text

    let private first (principal: ClaimsPrincipal) (claimType: string) : string option =
        principal.FindAll claimType |> Seq.tryPick (fun claim -> usable claim.Value)

    let private name (principal: ClaimsPrincipal) : string option =
        match principal.Identity with
        | null -> None
        | identity -> usable identity.Name

    let tryOwner (principal: ClaimsPrincipal) : string option =
        first principal ClaimTypes.NameIdentifier
        |> Option.orElseWith (fun () -> first principal subject)
        |> Option.orElseWith (fun () -> name principal)

    let owner (session: string) (principal: ClaimsPrincipal) : string =
        match tryOwner principal with
        | Some owner -> owner
        | None ->
            raise (
                ArgumentException(
                    $"The principal to sign in to the session \"{session}\" does not say who the user is: give it a claim ClaimTypes.NameIdentifier ({ClaimTypes.NameIdentifier}) or \"{subject}\", or a name.",
                    nameof principal
                )
            )

    let claims (owner: string) (principal: ClaimsPrincipal) : Map<string, string list> =
        let ofType (claimType: string, claims: Claim seq) =
            claimType, claims |> Seq.map _.Value |> Seq.distinct |> List.ofSeq

        principal.Claims
        |> Seq.groupBy _.Type
        |> Seq.map ofType
        |> Seq.filter (fun known -> known <> (ClaimTypes.NameIdentifier, [ owner ]))
        |> Map.ofSeq

    let private has (claims: Map<string, string list>) (claimType: string) =
        match claims.TryFind claimType with
        | Some(_ :: _) -> true
        | _ -> false

    let private nameType (configured: string | null) (claims: Map<string, string list>) : string =
        let wanted =
            match configured with
            | null -> [ ClaimTypes.Name; "name" ]
            | configured -> [ configured ]

        wanted |> List.tryFind (has claims) |> Option.defaultValue ClaimTypes.NameIdentifier

    let private roleType (configured: string | null) (claims: Map<string, string list>) : string =
        match configured with
        | null ->
            [ ClaimTypes.Role; "role"; "roles" ]
            |> List.tryFind (has claims)
            |> Option.defaultValue ClaimTypes.Role
        | configured -> configured

    let isUser (principal: ClaimsPrincipal) : bool = principal.Identities |> Seq.exists _.IsAuthenticated

    let ofOwner
        (scheme: string)
        (issuer: string)
        (options: SessionAuthenticationOptions)
        (owner: string)
        (claims: Map<string, string list>)
        : ClaimsPrincipal =
        let claims =
            if has claims ClaimTypes.NameIdentifier then
                claims
            else
                claims.Add(ClaimTypes.NameIdentifier, [ owner ])

        let all =
            [ for KeyValue(claimType, values) in claims do
                  for value in values do
                      Claim(claimType, value, ClaimValueTypes.String, issuer) ]

        ClaimsPrincipal(
            ClaimsIdentity(all, scheme, nameType options.NameClaimType claims, roleType options.RoleClaimType claims)
        )
