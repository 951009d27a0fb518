module Sample.ErrorHandler

open Giraffe
open Microsoft.Extensions.Logging

/// For Giraffe's error handling middleware. Sessions raise before the first byte of the response, so a page can still be
/// sent.
let page (error: exn) (logger: ILogger) : HttpHandler =
    logger.LogError(error, "A request failed.")
    clearResponse >=> setStatusCode (Handlers.statusOf error) >=> Handlers.failed
