namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

[<RequireQualifiedAccess>]
module ReturnUrl =
    [<Literal>]
    let parameter = "ReturnUrl"

    let isLocal (url: string | null) : bool =
        match url with
        | null -> false
        | url -> LocalUrl.isLocal url

    let ofQuery (context: HttpContext) : string option =
        LocalUrl.ofQuery context.Request.Query[parameter] |> Option.ofObj

    let private check (path: string) : unit =
        if not (isLocal path) then
            raise (
                ArgumentException(
                    $"\"{path}\" is not a path of this host: give one that begins with a single slash, such as \"/login\".",
                    nameof path
                )
            )

    let private withQuery (path: string) (returnUrl: string) : string =
        let page, fragment =
            match path.IndexOf '#' with
            | -1 -> path, ""
            | at -> path.Substring(0, at), path.Substring at

        let mark = if page.Contains '?' then '&' else '?'
        $"{page}{mark}{parameter}={Uri.EscapeDataString returnUrl}{fragment}"

    let signInAt (path: string) : HttpHandler =
        check path

        fun _ context ->
            let request = context.Request
            let page = request.PathBase.ToUriComponent() + path

            // What another method changed cannot be done again by coming back.
            if HttpMethods.IsGet request.Method || HttpMethods.IsHead request.Method then
                LocalUrl.ofRequest request.PathBase request.Path request.QueryString |> withQuery page
            else
                page
            |> Redirection.toSignIn context

            Task.FromResult(Some context)

    let follow (otherwise: string) : HttpHandler =
        check otherwise

        fun _ context ->
            let url =
                match ofQuery context with
                | Some url -> url
                | None -> context.Request.PathBase.ToUriComponent() + otherwise

            context.Response.Redirect(LocalUrl.toHeader url)
            Task.FromResult(Some context)

    let passOn (path: string) (context: HttpContext) : string =
        check path
        let path = context.Request.PathBase.ToUriComponent() + path

        match ofQuery context with
        | Some url -> withQuery path url
        | None -> path
