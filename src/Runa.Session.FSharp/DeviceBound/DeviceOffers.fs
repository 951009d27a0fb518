namespace Runa.Session

open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Primitives
open Runa.Session.Hosting

/// Offers a browser to bind the session of a sign-in to its device.
module internal DeviceOffers =
    let send (context: HttpContext) (scope: SessionScope) : unit =
        match HostedDevices.offer scope with
        | ValueNone -> ()
        | ValueSome offer ->
            let path = DeviceEndpoints.RegistrationPath offer.Session
            let value = $"(ES256 RS256);path=\"{path}\";challenge=\"{offer.Challenge}\""
            let headers = context.Response.Headers
            headers[DeviceHeaders.registration] <- StringValues.Concat(headers[DeviceHeaders.registration], value)

            if not context.Request.IsHttps then
                HostedScopes.warnUnbindable scope
