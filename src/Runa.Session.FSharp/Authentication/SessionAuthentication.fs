namespace Microsoft.Extensions.DependencyInjection

open System
open System.Runtime.CompilerServices
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection.Extensions
open Microsoft.Extensions.Options
open Runa.Session

/// Users as the owners of sessions. All of these need services.AddRunaSession too; a session that is not registered keeps
/// the host from starting, with an OptionsValidationException that names the known ones.
[<Extension; AbstractClass; Sealed>]
type SessionAuthenticationExtensions =
    /// The scheme "web": the owner of the session "web" is the user.
    [<Extension>]
    static member AddRunaSession(builder: AuthenticationBuilder) : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaSession(builder, "web")

    /// The owner of this session is the user; the scheme has the session's name.
    [<Extension>]
    static member AddRunaSession(builder: AuthenticationBuilder, sessionName: string) : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaSession(builder, sessionName, sessionName, null)

    /// As the other, with options: where to log in, which claim is the name.
    [<Extension>]
    static member AddRunaSession
        (builder: AuthenticationBuilder, sessionName: string, configure: Action<SessionAuthenticationOptions> | null)
        : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaSession(builder, sessionName, sessionName, configure)

    /// As the other, under another name of the scheme.
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

    /// Keeps the tickets of the scheme CookieAuthenticationDefaults.AuthenticationScheme ("Cookies") in this session: see
    /// SessionTicketStore.
    [<Extension>]
    static member AddRunaTicketStore(builder: AuthenticationBuilder, sessionName: string) : AuthenticationBuilder =
        SessionAuthenticationExtensions.AddRunaTicketStore(
            builder,
            CookieAuthenticationDefaults.AuthenticationScheme,
            sessionName
        )

    /// Keeps the tickets of this scheme of cookie authentication in this session. Besides an unknown session, an unknown
    /// scheme and the driver "cookie" keep the host from starting.
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
