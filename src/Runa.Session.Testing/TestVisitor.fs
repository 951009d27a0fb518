namespace Runa.Testing

open System
open System.Net.Http
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.DependencyInjection
open Runa.Session

/// A visitor of the application that is tested: keeps cookies and sends them, Secure ones over plain http too, and can say
/// what the application's store holds for them. It is a handler of HttpClient: give it to
/// `WebApplicationFactory.CreateDefaultClient(visitor)`, or call CreateClient with `TestServer.CreateHandler()`. Visitors do
/// not share cookies. `services` are those of the application (`factory.Services`, `server.Services`, `host.Services`),
/// which has called AddRunaSession.
[<Sealed>]
type TestVisitor(services: IServiceProvider) =
    inherit DelegatingHandler()
    let registry = services.GetRequiredService<SessionRegistry>()
    let gate = obj ()
    let mutable cookies: Map<string, string> = Map.empty

    let keep (setCookies: string seq) = lock gate (fun () -> cookies <- CookieTexts.after setCookies cookies)

    /// The text of the Cookie header that it sends. Empty: it has no cookie. It can be set.
    member _.Cookie
        with get () = lock gate (fun () -> CookieTexts.toHeader cookies)
        and set (value: string) = lock gate (fun () -> cookies <- CookieTexts.ofHeader value)

    /// A client of the application. The handler is that of a TestServer (`server.CreateHandler()`), or of a network. Redirects
    /// are not followed, unless the handler does. Default for the address: http://localhost/.
    member visitor.CreateClient(handler: HttpMessageHandler) : HttpClient =
        ArgumentNullException.ThrowIfNull(handler, nameof handler)
        visitor.InnerHandler <- handler
        new HttpClient(visitor, BaseAddress = Uri "http://localhost/")

    /// Changes the visitor's session of this name in the application's own store, as a request would. Raises
    /// InvalidOperationException for a name that is not registered.
    member visitor.Update(name: string, step: Session -> Session) : Task =
        task {
            let! committed = SessionRegistry.update name (Some visitor.Cookie) step CancellationToken.None registry
            keep committed.Cookies
        }

    /// What the store holds for the visitor's cookie. It takes no flash and moves no idle end.
    member visitor.Session(name: string) : Task<Session> =
        SessionRegistry.load name (Some visitor.Cookie) CancellationToken.None registry

    /// Changes the visitor's session of this name in the application's own store, as a request would, for C#. Raises
    /// InvalidOperationException for a name that is not registered.
    member visitor.UpdateAsync(name: string, configure: Action<PreparedSession>) : Task =
        ArgumentNullException.ThrowIfNull(configure, nameof configure)
        let prepared = PreparedSession()
        configure.Invoke prepared
        visitor.Update(name, prepared.Step)

    /// What the store holds for the visitor's cookie, for C#.
    member visitor.ReadAsync(name: string) : Task<CommittedSession> =
        task {
            let! session = visitor.Session name
            return CommittedSession session
        }

    /// A visitor who has a session of this name.
    static member prepare (services: IServiceProvider) (name: string) (step: Session -> Session) : Task<TestVisitor> =
        task {
            let visitor = new TestVisitor(services)
            do! visitor.Update(name, step)
            return visitor
        }

    /// A visitor who has a session of this name, for C#:
    /// `await TestVisitor.PrepareAsync(factory.Services, "web", s => s.SignIn("ada").Set("visits", 3))`.
    static member PrepareAsync
        (services: IServiceProvider, name: string, configure: Action<PreparedSession>)
        : Task<TestVisitor> =
        task {
            let visitor = new TestVisitor(services)
            do! visitor.UpdateAsync(name, configure)
            return visitor
        }

    member private _.Forward(request: HttpRequestMessage, token: CancellationToken) : Task<HttpResponseMessage> =
        base.SendAsync(request, token)

    override visitor.SendAsync(request: HttpRequestMessage, cancellationToken: CancellationToken) =
        task {
            let cookie = visitor.Cookie

            if cookie <> "" then
                request.Headers.Remove "Cookie" |> ignore
                request.Headers.TryAddWithoutValidation("Cookie", cookie) |> ignore

            let! response = visitor.Forward(request, cancellationToken)

            match response.Headers.TryGetValues "Set-Cookie" with
            | true, NonNull values -> keep values
            | _ -> ()

            return response
        }
