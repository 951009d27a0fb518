namespace Runa.Session

open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

[<RequireQualifiedAccess>]
module CrossOrigin =
    let private ownOnly = CrossOriginCheck []

    let isAllowed (request: HttpRequest) : bool = ownOnly.Allows request

    let private checkedBy (check: CrossOriginCheck) (otherwise: HttpHandler) : HttpHandler =
        fun next context -> if check.Admits context then next context else otherwise next context

    let private forbidden: HttpHandler =
        fun _ context ->
            task {
                do! CrossOriginCheck.Refuse context
                return Some context
            }

    let refuse: HttpHandler = checkedBy ownOnly forbidden

    let refuseExcept (trustedOrigins: string list) (otherwise: HttpHandler) : HttpHandler =
        checkedBy (CrossOriginCheck trustedOrigins) otherwise
