/// What browsers may do with the pages.
module Sample.ContentSecurity

open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http

/// No scripts, no foreign content, and forms that post to this site only.
let private policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/// Adds the header when the response starts: an error handler begins by clearing what was set before.
let add (app: IApplicationBuilder) : IApplicationBuilder =
    app.Use(fun (ctx: HttpContext) (next: RequestDelegate) ->
        ctx.Response.OnStarting(fun () ->
            // The inspector of sessions has a stricter one of its own.
            if ctx.Response.Headers.ContentSecurityPolicy.Count = 0 then
                ctx.Response.Headers.ContentSecurityPolicy <- policy

            Task.CompletedTask)

        next.Invoke ctx)
