namespace Runa.Session

open System
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.Logging

/// Which sessions an application has, on which drivers: an immutable value that the functions of its module extend.
[<Sealed>]
type SessionSetup =
    member internal Parts: SetupParts

/// What a setup says; None and empty lists leave it to the host or the defaults.
and [<NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>] internal SetupParts =
    {
        Drivers: Map<string, IServiceProvider -> SessionDriver>
        /// By what stands before the colon: "cache" makes the driver "cache:orders" from "orders".
        NamedDrivers: Map<string, string -> IServiceProvider -> SessionDriver>
        Sessions: (string * (SessionSettings -> SessionSettings)) list
        Secrets: string list option
        Application: string option
        Configuration: IConfiguration option
        Clock: TimeProvider option
        Loggers: ILoggerFactory option
        StoreTimeout: TimeSpan
        /// Found before the registry is built, and told with its own.
        Mistakes: string list
    }

    member Display: string

/// Makes setups.
[<RequireQualifiedAccess>]
module SessionSetup =
    /// The drivers "memory", "cookie", "cache" (the host's IDistributedCache) and "cache:<name>" (the one registered as
    /// the keyed service of this name), "sql" (the host's DbDataSource); the sessions "web", "admin" and "api" with their defaults.
    val empty: SessionSetup

    /// Registers a driver under the name by which settings choose it; an earlier one of this name is replaced.
    val driver: name: string -> driver: SessionDriver -> setup: SessionSetup -> SessionSetup

    /// A driver made from the host's services at startup, and disposed with the registry.
    val driverFrom: name: string -> make: (IServiceProvider -> SessionDriver) -> setup: SessionSetup -> SessionSetup

    /// Registers a session, or changes the settings of a registered one. The function gets the settings as the defaults
    /// and the configuration make them; what it sets wins.
    val session: name: string -> change: (SessionSettings -> SessionSettings) -> setup: SessionSetup -> SessionSetup

    /// The first signs, all verify; at least 32 bytes each. They win over those of the configuration and environment.
    /// Raises ArgumentException for a null among them.
    val secrets: secrets: string list -> setup: SessionSetup -> SessionSetup

    /// The name for which tokens are good. Default: the host's application name; without a host, the entry assembly's.
    val application: name: string -> setup: SessionSetup -> SessionSetup

    /// Reads `session:sessions:<name>`, `app:secret` and the like from it.
    val configuration: configuration: IConfiguration -> setup: SessionSetup -> SessionSetup

    /// The clock of all lifetimes. Default: the host's, or the system's.
    val timeProvider: clock: TimeProvider -> setup: SessionSetup -> SessionSetup

    /// Where warnings go. Default: the host's; without a host, nowhere.
    val loggerFactory: loggers: ILoggerFactory -> setup: SessionSetup -> SessionSetup

    /// What keeps the application from starting, told with everything else that is wrong.
    val internal refuse: mistakes: string list -> setup: SessionSetup -> SessionSetup

    /// How long one call to a driver may take before it counts as failed. Default: 5 seconds. Raises
    /// ArgumentOutOfRangeException for zero or less, and for more than one day.
    val storeTimeout: limit: TimeSpan -> setup: SessionSetup -> SessionSetup
