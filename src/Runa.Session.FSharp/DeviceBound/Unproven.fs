namespace Runa.Session

open Microsoft.AspNetCore.Http

/// Answers requests for a bound session that do not come from its device.
module internal Unproven =
    /// For how long a browser waits that could not refresh its bound cookie just now.
    let private retryAfter = "5"

    /// 401; or 503 for a browser that says it could not refresh the binding now: it is signed in, and should come again rather
    /// than sign in again.
    let refuse (context: HttpContext) : unit =
        context.Response.Clear()

        if DeviceHeaders.isSkipped context then
            context.Response.StatusCode <- StatusCodes.Status503ServiceUnavailable
            context.Response.Headers.RetryAfter <- retryAfter
        else
            context.Response.StatusCode <- StatusCodes.Status401Unauthorized

    /// Whether a refusal would send a user away who is signed in.
    let shouldComeAgain (context: HttpContext) (session: Session) : bool =
        Session.status session = SessionStatus.Unproven && DeviceHeaders.isSkipped context
