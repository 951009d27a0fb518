namespace Runa.Session

open System
open System.Runtime.CompilerServices
open Microsoft.Extensions.DependencyInjection

/// Registers sessions that depend on the services of the host.
[<Extension; AbstractClass; Sealed>]
type SessionSetupExtensions =
    /// Like AddRunaSession, but the function runs when the host starts, and also gets the host's services. For
    /// integrations, and for settings that come from services. Calls run in their order, together with those of
    /// AddRunaSession.
    [<Extension>]
    static member AddSessionSetup
        (services: IServiceCollection, change: Func<IServiceProvider, SessionSetup, SessionSetup>)
        : IServiceCollection =
        ArgumentNullException.ThrowIfNull change
        Registration.add services (fun host setup -> change.Invoke(host, setup))
