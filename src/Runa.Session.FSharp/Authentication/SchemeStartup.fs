namespace Runa.Session

open System
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Options
open Runa.Session.Hosting

/// Checks authentication schemes before any server listens.
module internal SchemeStartup =
    /// The registry, or why there is none.
    let private registry (services: IServiceProvider) : Result<SessionRegistry, string> =
        match services.GetService typeof<SessionRegistry> with
        | :? SessionRegistry as registry -> Ok registry
        | _ -> Error "sessions are not configured: call services.AddRunaSession(…)."

    /// What is wrong with a scheme for this session. None: nothing.
    let problem (services: IServiceProvider) (session: string) : string option =
        match registry services with
        | Error why -> Some why
        | Ok registry -> HostedRegistry.problem session registry

    let ticketsOf (scheme: string) (why: string) : string = $"Tickets of the authentication scheme \"{scheme}\": {why}"

    let private fail (scheme: string) (why: string) : exn =
        OptionsValidationException(scheme, typeof<CookieAuthenticationOptions>, [ ticketsOf scheme why ])

    /// The ticket store for a scheme of cookie authentication.
    let ticketStore (services: IServiceProvider) (scheme: string) (session: string) : ITicketStore =
        let schemes = services.GetRequiredService<IOptions<AuthenticationOptions>>().Value.SchemeMap

        if not (schemes.ContainsKey scheme) then
            raise (
                fail
                    scheme
                    $"there is no such scheme.{HostedRegistry.didYouMean schemes.Keys scheme} Call AddCookie(\"{scheme}\"), or name the one that you added."
            )

        match registry services, problem services session with
        | Ok registry, None ->
            try
                SessionTicketStore(registry, session)
            with :? NotSupportedException as e ->
                raise (fail scheme e.Message)
        | Error why, _
        | _, Some why -> raise (fail scheme why)

/// Keeps the host from starting if the session of a scheme is not registered (promise 23).
[<Sealed>]
type internal SessionSchemeValidation(services: IServiceProvider) =
    interface IValidateOptions<SessionAuthenticationOptions> with
        member _.Validate(scheme, options) =
            match SchemeStartup.problem services options.SessionName with
            | None -> ValidateOptionsResult.Success
            | Some why -> ValidateOptionsResult.Fail $"Authentication scheme \"{scheme}\": {why}"
