// In a namespace, since MVC finds no nested class.
namespace Runa.Session.Tests

open System.Security.Claims
open System.Threading
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Mvc

/// Counts how often a handler ran: a cache would answer in its place.
[<Sealed>]
type Runs() =
    let mutable runs = 0
    member _.Count(context: HttpContext) = context.Response.Headers["X-Run"] <- string (Interlocked.Increment &runs)

/// MVC's attribute says public.
type CacheBehindController(runs: Runs) =
    inherit Controller()

    [<HttpGet("/mvc"); ResponseCache(Duration = 600)>]
    member this.Get() : string =
        runs.Count this.HttpContext
        $"hi {this.User.FindFirstValue ClaimTypes.NameIdentifier}"
