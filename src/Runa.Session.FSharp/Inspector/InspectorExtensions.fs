namespace Microsoft.Extensions.DependencyInjection

open System
open System.Runtime.CompilerServices
open Microsoft.Extensions.Hosting
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Routing
open Runa
open Runa.Session

/// The inspector of sessions: a page for operators, which shows the sessions and drivers of the application with their health,
/// what was counted in the last minutes, and recent events, and lists and ends the sessions of an owner. It shows no id, no
/// token and no value. It is off unless both methods are called.
[<Extension; AbstractClass; Sealed>]
type RunaSessionInspectorExtensions =
    /// Registers what the inspector needs: it counts and keeps events from now on.
    [<Extension>]
    static member AddRunaSessionInspector(services: IServiceCollection) : IServiceCollection =
        ArgumentNullException.ThrowIfNull services

        if services |> Seq.forall (fun service -> service.ServiceType <> typeof<InspectorRates>) then
            services.AddAntiforgery() |> ignore
            services.AddMetrics() |> ignore
            services.AddSingleton<InspectorEvents>() |> ignore

            services.AddSingleton<ISessionEvents>(fun (services: IServiceProvider) ->
                services.GetRequiredService<InspectorEvents>() :> ISessionEvents)
            |> ignore

            services.AddSingleton<InspectorRates>() |> ignore

            services.AddSingleton<IHostedService>(fun (services: IServiceProvider) ->
                services.GetRequiredService<InspectorRates>() :> IHostedService)
            |> ignore

        services

    /// Maps the inspector's page, for those whom the authorization policy lets through. The same page is JSON with
    /// ?format=json. Raises ArgumentException for an empty pattern or policy.
    [<Extension>]
    static member MapRunaSessionInspector
        (endpoints: IEndpointRouteBuilder, pattern: string, policyName: string)
        : IEndpointConventionBuilder =
        ArgumentNullException.ThrowIfNull endpoints
        ArgumentException.ThrowIfNullOrEmpty pattern
        ArgumentException.ThrowIfNullOrEmpty policyName
        endpoints.Map(pattern, RequestDelegate InspectorEndpoint.handle).RequireAuthorization policyName

    /// Maps the inspector's page for everybody, in Development only. Raises InvalidOperationException elsewhere: there it
    /// needs an authorization policy.
    [<Extension>]
    static member MapRunaSessionInspector
        (endpoints: IEndpointRouteBuilder, pattern: string)
        : IEndpointConventionBuilder =
        ArgumentNullException.ThrowIfNull endpoints
        ArgumentException.ThrowIfNullOrEmpty pattern

        if not (endpoints.ServiceProvider.GetRequiredService<IHostEnvironment>().IsDevelopment()) then
            raise (
                InvalidOperationException
                    $"The inspector of sessions at \"{pattern}\" needs an authorization policy outside Development: MapRunaSessionInspector(\"{pattern}\", \"the name of a policy\")."
            )

        endpoints.Map(pattern, RequestDelegate InspectorEndpoint.handle)

namespace Runa.Session

open Microsoft.AspNetCore.Http

/// The inspector of sessions as a handler.
[<AutoOpen>]
module SessionInspector =
    /// Answers with the inspector's page (see AddRunaSessionInspector) for those whom the guard lets through:
    /// `route "/_sessions" >=> sessionInspector (requiresRole "operator" forbidden)`.
    let sessionInspector (guard: HttpHandler) : HttpHandler =
        guard (fun context ->
            task {
                do! InspectorEndpoint.handle context
                return Some context
            })
        |> fun guarded -> fun _ context -> guarded context
