/// Applications with authentication schemes.
module internal Runa.Session.Tests.Schemes

open System
open System.Net.Http
open System.Security.Claims
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authorization
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Routing
open Microsoft.Extensions.DependencyInjection
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let identifier = ClaimTypes.NameIdentifier

/// With claims of these types and values.
let principal (claims: (string * string) list) : ClaimsPrincipal =
    ClaimsPrincipal(ClaimsIdentity([ for claimType, value in claims -> Claim(claimType, value) ], "a test"))

let ann = [ identifier, "ann"; ClaimTypes.Name, "Ann Lee"; "role", "editor"; "role", "staff" ]

/// Signs in with these properties, and goes on.
let signInWith (scheme: string) (claims: (string * string) list) (properties: AuthenticationProperties) : HttpHandler =
    // A copy for each request: a scheme adds to them, and tests that run at once share a handler.
    perform _.SignInAsync(scheme, principal claims, properties.Clone())

let signIn scheme claims : HttpHandler = signInWith scheme claims (AuthenticationProperties())
let signOut (scheme: string) : HttpHandler = perform _.SignOutAsync(scheme)

let private shownUser (user: ClaimsPrincipal) =
    match user.Identity with
    | NonNull identity when identity.IsAuthenticated -> $"{identity.Name}"
    | _ -> "nobody"

/// ctx.User's name, or nobody.
let user: HttpHandler = respond (fun context -> context.Response.WriteAsync(shownUser context.User))

/// Whom this scheme knows.
let userOf (scheme: string) : HttpHandler =
    respond (fun context ->
        task {
            let! result = context.AuthenticateAsync scheme

            let name =
                match result.Principal with
                | null -> "nobody"
                | principal -> shownUser principal

            do! context.Response.WriteAsync name
        })

/// All claims of ctx.User, a line each.
let claims: HttpHandler =
    respond (fun context ->
        context.Response.WriteAsync(
            String.Join("\n", [ for claim in context.User.Claims -> $"{claim.Type}={claim.Value}" ] |> List.sort)
        ))

/// Adds schemes, policies and endpoints to an application.
let withSchemes
    (add: AuthenticationBuilder -> unit)
    (policies: AuthorizationOptions -> unit)
    (endpoints: IEndpointRouteBuilder -> unit)
    (host: Host)
    : Host =
    { host with
        Services =
            fun services ->
                host.Services services
                services.AddRouting().AddAuthorization(policies) |> ignore
                add (services.AddAuthentication())
        Pipeline =
            fun app ->
                errorPage app
                host.Pipeline app
                app.UseRouting().UseAuthentication().UseAuthorization().UseEndpoints(endpoints) |> ignore }

/// The scheme of the session "web", and nothing else.
let web (handler: HttpHandler) : Host =
    host handler |> withSchemes (fun schemes -> schemes.AddRunaSession() |> ignore) ignore ignore

/// A GET with these headers.
let getWith (browser: Browser) (path: string) (headers: (string * string) list) : Task<Answer> =
    let request = new HttpRequestMessage(HttpMethod.Get, Uri(path, UriKind.Relative))

    for name, value in headers do
        request.Headers.TryAddWithoutValidation(name, value) |> ignore

    browser.SendRaw request

/// A driver whose first call of this operation waits until it is let through.
[<Sealed>]
type Gate(inner: SessionDriver, operation: StoreOperation) =
    let reached = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
    let opened = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously

    let driver =
        TestDriver(
            inner,
            fun asked ->
                if asked = operation && reached.TrySetResult() then
                    Behaviour.Wait opened.Task
                else
                    Behaviour.Pass
        )

    member _.Driver = driver.Driver
    /// Until somebody waits.
    member _.Reached: Task = reached.Task
    member _.Open() = opened.SetResult()
