namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// The sessions of a request. They live in HttpContext.Items, not in a scope of services: re-executed pipelines and error
/// pages get scopes of their own.
module internal RequestSessions =
    let private place = obj ()

    let private registryOf (context: HttpContext) : SessionRegistry =
        let found =
            match box context.RequestServices with
            | null -> null
            | _ -> context.RequestServices.GetService typeof<SessionRegistry>

        match found with
        | :? SessionRegistry as registry -> registry
        | _ -> raise (InvalidOperationException "Sessions are not configured: call services.AddRunaSession(…).")

    let rec private findOrAdd (context: HttpContext) (name: string) (first: RequestSession) (request: RequestSession) =
        if request.Name = name then
            request
        elif isNull request.Next then
            let added = RequestSession(context, request.Registry, request.Registry.Find name, first)
            request.Next <- added
            added
        else
            findOrAdd context name first request.Next

    /// Raises InvalidOperationException without AddRunaSession, and for a name that is not registered.
    let find (context: HttpContext) (name: string) : RequestSession =
        match context.Items.TryGetValue place with
        | true, (:? RequestSession as first) -> findOrAdd context name first first
        | _ ->
            let registry = registryOf context
            let first = RequestSession(context, registry, registry.Find name, null)
            context.Items[place] <- first
            first
