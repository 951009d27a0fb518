namespace Runa.Session

open System
open System.Security.Claims
open System.Text.Encodings.Web
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Options
open Runa.Session.Hosting

/// The authentication handler in which the owner of a session is the user.
[<Sealed>]
type internal SessionAuthenticationHandler
    (options: IOptionsMonitor<SessionAuthenticationOptions>, loggers: ILoggerFactory, encoder: UrlEncoder) =
    inherit SignInAuthenticationHandler<SessionAuthenticationOptions>(options, loggers, encoder)

    member private this.Session: SessionScope = AuthenticationScope.find this.Context this.Options.SessionName

    /// Promise 14: exceptions of the store pass through, so nobody becomes anonymous because the store is down.
    override this.HandleAuthenticateAsync() : Task<AuthenticateResult> =
        let scope = this.Session
        let scheme = this.Scheme.Name
        let issuer = this.ClaimsIssuer
        let options = this.Options

        task {
            let! session = scope.Load CancellationToken.None

            match Session.owner session with
            | None -> return AuthenticateResult.NoResult()
            | Some owner ->
                let principal = SessionPrincipal.ofOwner scheme issuer options owner (Session.claims session)
                let properties = AuthenticationProperties(ExpiresUtc = Nullable(Session.expiresAt session))
                properties.IssuedUtc <- Option.toNullable (Session.signedInAt session)
                return AuthenticateResult.Success(AuthenticationTicket(principal, properties, scheme))
        }

    override this.HandleSignInAsync(user: ClaimsPrincipal, properties: AuthenticationProperties | null) : Task =
        let name = this.Options.SessionName
        let owner = SessionPrincipal.owner name user
        let claims = SessionPrincipal.claims owner user

        let until =
            match properties with
            | null -> None
            | properties -> Option.ofNullable properties.ExpiresUtc

        let signIn (session: Session) : Session =
            let session = Session.signInWith owner claims session

            match until with
            | None -> session
            | Some until -> Session.withExpiresAt until session

        this.Commit(signIn, this.Options.LoginPath, properties)

    override this.HandleSignOutAsync(properties: AuthenticationProperties | null) : Task =
        this.Commit(Session.signOut, this.Options.LogoutPath, properties)

    override this.HandleChallengeAsync(properties: AuthenticationProperties) : Task =
        let scheme = this.Scheme.Name

        // After the response has started, the redirect below says what is wrong.
        let scope =
            if SessionPrincipal.isUser this.Context.User || this.Response.HasStarted then
                null
            else
                this.Session

        let context = this.Context

        task {
            let! comesAgain =
                task {
                    match scope with
                    | NonNull scope when
                        DeviceHeaders.isSkipped context || not (HostedScopes.hasWarnedUserMissing scope)
                        ->
                        try
                            let! session = scope.Load CancellationToken.None

                            if (Session.owner session).IsSome && not (HostedScopes.hasWarnedUserMissing scope) then
                                HostedScopes.warnUserMissing scheme scope

                            return Unproven.shouldComeAgain context session
                        with :? SessionStoreException ->
                            // The challenge itself asks nothing of the store.
                            return false
                    | _ -> return false
                }

            if comesAgain then
                Unproven.refuse context
            else
                this.Refuse(StatusCodes.Status401Unauthorized, this.Options.LoginPath, properties)
        }

    override this.HandleForbiddenAsync(properties: AuthenticationProperties) : Task =
        let refuse path = this.Refuse(StatusCodes.Status403Forbidden, path, properties)
        let again = this.Options.ReauthenticationPath

        match this.Context.Features.Get<StaleSessions>() with
        | NonNull stale when again.HasValue && stale.Decides this.Options.SessionName -> refuse again
        | NonNull stale when stale.IsDecided -> ()
        | _ -> refuse this.Options.AccessDeniedPath

        Task.CompletedTask

    /// Runs and commits the step. Then redirects to the URL that the application gave or, on the scheme's own path, to
    /// the query's return URL.
    member private this.Commit
        (step: Session -> Session, path: PathString, properties: AuthenticationProperties | null)
        : Task =
        let scope = this.Session
        let context = this.Context

        let fromCode: string | null =
            match properties with
            | null -> null
            | properties -> properties.RedirectUri

        let next: string | null =
            match fromCode with
            | NonNull url when url <> "" -> url
            | _ when path.HasValue && this.OriginalPath = path ->
                LocalUrl.ofQuery context.Request.Query[this.Options.ReturnUrlParameter]
            | _ -> null

        task {
            let! struct ((), _) =
                scope.Step(
                    WhenGone.StepAgainUnlessOwned,
                    (fun session -> struct (step session, ())),
                    CancellationToken.None
                )

            match next with
            | NonNull url when not context.Response.HasStarted && context.Response.StatusCode = StatusCodes.Status200OK ->
                Redirection.goOn context url
            | _ -> ()
        }

    member private this.Refuse(status: int, path: PathString, properties: AuthenticationProperties) : unit =
        if path.HasValue then
            let returnUrl =
                match properties.RedirectUri with
                | NonNull url when url <> "" -> url
                | _ -> LocalUrl.ofRequest this.OriginalPathBase this.OriginalPath this.Request.QueryString

            LocalUrl.withReturnUrl this.OriginalPathBase path this.Options.ReturnUrlParameter returnUrl
            |> Redirection.refuse this.Context status
        else
            this.Response.StatusCode <- status
