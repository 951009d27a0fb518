namespace Runa.Session

open System
open System.Security.Cryptography
open System.Text.Encodings.Web
open System.Threading.Tasks
open Microsoft.AspNetCore.Antiforgery
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection

/// Answers the requests for the inspector.
module internal InspectorEndpoint =
    let private gather (context: HttpContext) (asked: InspectedOwner option) (notice: string) : Task<Inspected> =
        let services = context.RequestServices

        InspectorModel.gather
            (services.GetRequiredService<SessionRegistry>())
            (services.GetRequiredService<InspectorRates>())
            (services.GetRequiredService<InspectorEvents>())
            (services.GetRequiredService<TimeProvider>())
            asked
            notice
            context.RequestAborted

    let private field (context: HttpContext) : string =
        let tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens context
        let value = HtmlEncoder.Default.Encode(string tokens.RequestToken)
        $"""<input type="hidden" name="{tokens.FormFieldName}" value="{value}">"""

    let private show (context: HttpContext) (seen: Inspected) : Task =
        let nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes 16)
        let token = field context
        let response = context.Response
        let path = (context.Request.PathBase + context.Request.Path).ToUriComponent()

        response.Headers.ContentSecurityPolicy <-
            $"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

        response.Headers.CacheControl <- "no-store"
        response.Headers.XContentTypeOptions <- "nosniff"
        response.Headers["Referrer-Policy"] <- "no-referrer"
        response.ContentType <- "text/html; charset=utf-8"
        response.WriteAsync(InspectorPage.render seen path token nonce)

    let private showJson (context: HttpContext) (seen: Inspected) : Task =
        context.Response.Headers.CacheControl <- "no-store"
        context.Response.Headers.XContentTypeOptions <- "nosniff"
        context.Response.ContentType <- "application/json"
        context.Response.Body.WriteAsync(InspectorJson.write seen).AsTask()

    /// Ends what the form says. Returns what was done.
    let private perform (context: HttpContext) (form: IFormCollection) : Task<string> =
        let registry = context.RequestServices.GetRequiredService<SessionRegistry>()
        let value (name: string) = string form[name]
        let session, owner = value "session", value "owner"

        task {
            match value "do" with
            | "end" ->
                let! isEnded = SessionRegistry.revoke session owner (value "handle") context.RequestAborted registry
                return if isEnded then "The session has ended." else "That session had already ended."
            | "end-all" ->
                let! count = SessionRegistry.revokeOwner session owner context.RequestAborted registry
                return $"Sessions that were ended: {count}."
            | _ -> return ""
        }

    /// What was done, or why nothing, or not all, was.
    let private performed (context: HttpContext) (form: IFormCollection) : Task<string> =
        task {
            try
                return! perform context form
            with
            | :? NotSupportedException as e -> return e.Message
            | :? SessionStoreException as e -> return e.Message
            | :? InvalidOperationException as e -> return e.Message
        }

    let private change (context: HttpContext) : Task =
        task {
            let! isOurs = context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync context

            match isOurs && context.Request.HasFormContentType with
            | false -> context.Response.StatusCode <- StatusCodes.Status400BadRequest
            | true ->
                let! form = context.Request.ReadFormAsync context.RequestAborted
                let registry = context.RequestServices.GetRequiredService<SessionRegistry>()
                let! notice = performed context form
                let from = string form["from"] |> Some |> Option.filter (fun place -> place <> "")
                let session, owner = string form["session"], string form["owner"]
                let! asked = InspectorModel.ask registry session owner from context.RequestAborted
                let! seen = gather context (Some asked) notice
                do! show context seen
        }

    let private look (context: HttpContext) : Task =
        task {
            let! seen = gather context None ""

            if string context.Request.Query["format"] = "json" then
                do! showJson context seen
            else
                do! show context seen
        }

    let handle (context: HttpContext) : Task =
        let method = context.Request.Method

        if isNull (context.RequestServices.GetService<InspectorRates>()) then
            raise (
                InvalidOperationException
                    "The inspector of sessions is not registered: call services.AddRunaSessionInspector()."
            )
        elif HttpMethods.IsGet method || HttpMethods.IsHead method then
            look context
        elif HttpMethods.IsPost method then
            change context
        else
            context.Response.StatusCode <- StatusCodes.Status405MethodNotAllowed
            context.Response.Headers.Allow <- "GET, HEAD, POST"
            Task.CompletedTask
