namespace Microsoft.Extensions.DependencyInjection

open System
open System.Runtime.CompilerServices
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection.Extensions
open Microsoft.Extensions.Options
open Runa.Session

/// Signs users in as the owners of sessions. These methods also need services.AddRunaSession. A session that is not
/// registered keeps the host from starting, with an OptionsValidationException that names the known ones.
[<Extension; AbstractClass; Sealed>]
type SessionAuthenticationExtensions =
    /// Adds the scheme "web": the owner of the session "web" is the user.
    [<Extension>]
    static member AddRunaSession(builder: AuthenticationBuilder) : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaSession(builder, "web")

    /// Adds a scheme with the name of this session: the owner of the session is the user.
    [<Extension>]
    static member AddRunaSession(builder: AuthenticationBuilder, sessionName: string) : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaSession(builder, sessionName, sessionName, null)

    /// Like the other, with options, such as the login path and the name claim.
    [<Extension>]
    static member AddRunaSession
        (
            builder: AuthenticationBuilder,
            sessionName: string,
            configureOptions: Action<SessionAuthenticationOptions> | null
        ) : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaSession(builder, sessionName, sessionName, configureOptions)

    /// Like the other, with another name for the scheme.
    [<Extension>]
    static member AddRunaSession
        (
            builder: AuthenticationBuilder,
            authenticationScheme: string,
            sessionName: string,
            configureOptions: Action<SessionAuthenticationOptions> | null
        ) : AuthenticationBuilder =
        ArgumentNullException.ThrowIfNull builder
        ArgumentException.ThrowIfNullOrEmpty authenticationScheme
        ArgumentException.ThrowIfNullOrEmpty sessionName

        builder.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<SessionAuthenticationOptions>, SessionSchemeValidation>()
        )

        builder.Services.AddOptions<SessionAuthenticationOptions>(authenticationScheme).ValidateOnStart()
        |> ignore

        builder.AddScheme<SessionAuthenticationOptions, SessionAuthenticationHandler>(
            authenticationScheme,
            fun options ->
                options.SessionName <- sessionName

                match configureOptions with
                | null -> ()
                | change -> change.Invoke options
        )

    /// Keeps the tickets of the scheme "Cookies" (CookieAuthenticationDefaults.AuthenticationScheme) in this session;
    /// see SessionTicketStore.
    [<Extension>]
    static member AddRunaTicketStore(builder: AuthenticationBuilder, sessionName: string) : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaTicketStore(
            builder,
            CookieAuthenticationDefaults.AuthenticationScheme,
            sessionName
        )

    /// Keeps the tickets of this scheme of cookie authentication in this session; see SessionTicketStore. Every sign-in
    /// gives the ticket a new key: for that, the scheme's CookieManager is wrapped. An unknown session, an unknown
    /// scheme, the driver "cookie", the settings rotate and device_bound, and a CookieManager that is replaced by a
    /// PostConfigure, keep the host from starting.
    [<Extension>]
    static member AddRunaTicketStore
        (builder: AuthenticationBuilder, authenticationScheme: string, sessionName: string)
        : AuthenticationBuilder =
        ArgumentNullException.ThrowIfNull builder
        ArgumentException.ThrowIfNullOrEmpty authenticationScheme
        ArgumentException.ThrowIfNullOrEmpty sessionName

        builder.Services
            .AddOptions<CookieAuthenticationOptions>(authenticationScheme)
            .Configure<IServiceProvider>(fun options services ->
                options.SessionStore <- SchemeStartup.ticketStore services authenticationScheme sessionName)
            .PostConfigure(TicketCookies.install)
            .Validate(
                TicketCookies.isInstalled,
                SchemeStartup.ticketsOf authenticationScheme TicketCookies.mustBeInstalled
            )
            .ValidateOnStart()
        |> ignore

        builder
