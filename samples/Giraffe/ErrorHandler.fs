module Sample.ErrorHandler

open Giraffe
open Microsoft.Extensions.Logging

/// For Giraffe's error handling middleware. An exception of a session comes before the first byte of the response, so
/// there is still a page to be sent.
let page (error: exn) (logger: ILogger) : HttpHandler =
    logger.LogError(error, "A request failed.")
    clearResponse >=> setStatusCode (Handlers.statusOf error) >=> Handlers.failed
