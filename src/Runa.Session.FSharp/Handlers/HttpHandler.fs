namespace Runa.Session

open System.Threading.Tasks
open Microsoft.AspNetCore.Http

// The three abbreviations of Giraffe, declared anew: handlers compose with those of every version of Giraffe and of
// Saturn, because they are the same function types.

/// None: the handler declines, and another may answer.
type HttpFuncResult = Task<HttpContext option>

type HttpFunc = HttpContext -> HttpFuncResult

type HttpHandler = HttpFunc -> HttpContext -> HttpFuncResult
