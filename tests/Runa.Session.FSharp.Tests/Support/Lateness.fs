/// Sessions that are asked for when the response may have started.
module internal Runa.Session.Tests.Lateness

open System
open System.Collections.Concurrent
open System.Net
open System.Net.Http
open System.Net.WebSockets
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes

let once: HttpHandler = setHeader "Cache-Control" "public, max-age=600"

let asked (form: HttpContext -> Task) (context: HttpContext) : Task<string> =
    task {
        try
            do! form context
            return "nothing was raised"
        with :? InvalidOperationException as e ->
            return e.Message
    }

let tooLateFor advice =
    $"The session \"web\" is asked for too late: the response has started, and shared caches were not told to keep it from other visitors. Ask for it before the first write: {advice}. Or send Cache-Control: no-store with the response."

let tooLate =
    tooLateFor "call ctx.LoadSessionAsync \"web\" before whatever writes (useSession alone does not look at it)"

let tooLateUser =
    tooLateFor "put app.UseAuthentication() before whatever writes, or call AuthenticateAsync before it"
