namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// The registry that a request's sessions come from.
module internal HostedRegistry =
    let private notConfigured () =
        InvalidOperationException "Sessions are not configured: call services.AddRunaSession(…)."

    /// RegistryMiddleware left it among the features; asking the services would make a scope for the request. Raises
    /// InvalidOperationException without AddRunaSession.
    let find (context: HttpContext) : SessionRegistry =
        match context.Features.Get<SessionRegistry>() with
        | null ->
            match box context.RequestServices with
            | null -> raise (notConfigured ())
            | _ ->
                match context.RequestServices.GetService typeof<SessionRegistry> with
                | :? SessionRegistry as registry -> registry
                | _ -> raise (notConfigured ())
        | registry -> registry
