namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// The headers of Device Bound Session Credentials (https://w3c.github.io/webappsec-dbsc/).
module internal DeviceHeaders =
    /// On the response of a sign-in: where and what to register.
    let registration = "Secure-Session-Registration"
    /// From the browser: a proof.
    let response = "Secure-Session-Response"
    /// To the browser: what to sign.
    let challenge = "Secure-Session-Challenge"
    /// From the browser: which binding it refreshes.
    let id = "Sec-Secure-Session-Id"
    /// From the browser: it could not refresh the binding, and why.
    let skipped = "Secure-Session-Skipped"

    /// The text of a header that is a string in quotes; Chromium leaves them out. None: there is no such header, or several.
    let tryText (name: string) (context: HttpContext) : string option =
        let values = context.Request.Headers[name]

        if values.Count <> 1 then None else Some((values.ToString()).Trim().Trim('"'))

    /// Whether the browser says that it could not refresh the binding now.
    let isSkipped (context: HttpContext) : bool = context.Request.Headers.ContainsKey skipped

    /// Whether the browser may know device-bound sessions: so far, those that are made from Chromium may. They name it over
    /// https.
    let mayBind (context: HttpContext) : bool =
        context.Request.Headers["Sec-CH-UA"].ToString().Contains("\"Chromium\"", StringComparison.Ordinal)
