namespace Runa.Session

open System.Threading.Tasks
open Microsoft.AspNetCore.Http

// The same three abbreviations as in Giraffe. They stand for the same function types, so handlers compose with those of
// every version of Giraffe and of Saturn.

/// The result of a handler. None: the handler declines, and another may answer.
type HttpFuncResult = Task<HttpContext option>

/// What comes after a handler: the next handler, with all that follow it.
type HttpFunc = HttpContext -> HttpFuncResult

/// A handler. It answers, or calls the next one.
type HttpHandler = HttpFunc -> HttpContext -> HttpFuncResult
