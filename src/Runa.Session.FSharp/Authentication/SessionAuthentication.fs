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
        (builder: AuthenticationBuilder, sessionName: string, configure: Action<SessionAuthenticationOptions> | null)
        : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaSession(builder, sessionName, sessionName, configure)

    /// Like the other, with another name for the scheme.
    [<Extension>]
    static member AddRunaSession
        (
            builder: AuthenticationBuilder,
            scheme: string,
            sessionName: string,
            configure: Action<SessionAuthenticationOptions> | null
        ) : AuthenticationBuilder =
        ArgumentNullException.ThrowIfNull builder
        ArgumentException.ThrowIfNullOrEmpty scheme
        ArgumentException.ThrowIfNullOrEmpty sessionName

        builder.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<SessionAuthenticationOptions>, SessionSchemeValidation>()
        )

        builder.Services.AddOptions<SessionAuthenticationOptions>(scheme).ValidateOnStart() |> ignore

        builder.AddScheme<SessionAuthenticationOptions, SessionAuthenticationHandler>(
            scheme,
            fun options ->
                options.SessionName <- sessionName

                match configure with
                | null -> ()
                | configure -> configure.Invoke options
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

    /// Keeps the tickets of this scheme of cookie authentication in this session; see SessionTicketStore. An unknown
    /// session, an unknown scheme and the driver "cookie" keep the host from starting.
    [<Extension>]
    static member AddRunaTicketStore
        (builder: AuthenticationBuilder, scheme: string, sessionName: string)
        : AuthenticationBuilder =
        ArgumentNullException.ThrowIfNull builder
        ArgumentException.ThrowIfNullOrEmpty scheme
        ArgumentException.ThrowIfNullOrEmpty sessionName

        builder.Services
            .AddOptions<CookieAuthenticationOptions>(scheme)
            .Configure<IServiceProvider>(fun options services ->
                options.SessionStore <- SchemeStartup.ticketStore services scheme sessionName)
            .ValidateOnStart()
        |> ignore

        builder
