namespace Runa.Session

open System.Threading.Tasks
open Microsoft.AspNetCore.Http

// The same three abbreviations as in Giraffe. They stand for the same function types, so handlers compose with those of
// every version of Giraffe and of Saturn.

/// The result of a handler. None: the handler declines, and another may answer.
type HttpFuncResult = Task<HttpContext option>

type HttpFunc = HttpContext -> HttpFuncResult

type HttpHandler = HttpFunc -> HttpContext -> HttpFuncResult
