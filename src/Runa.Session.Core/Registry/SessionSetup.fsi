namespace Runa.Session

open System
open System.Diagnostics.CodeAnalysis
open System.Text.Json
open System.Text.Json.Serialization
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.Logging

/// The sessions of an application and their drivers. An immutable value, which the functions of its module extend.
[<Sealed>]
type SessionSetup =
    member internal Parts: SetupParts

/// The parts of a setup. None and empty lists leave a part to the host or the defaults.
and [<NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>] internal SetupParts =
    {
        Drivers: Map<string, IServiceProvider -> SessionDriver>
        /// Factories by the part of a driver's name before the colon: "cache" makes "cache:orders" from "orders".
        NamedDrivers: Map<string, string -> IServiceProvider -> SessionDriver>
        Sessions: (string * (SessionSettings -> SessionSettings)) list
        Secrets: string list option
        Application: string option
        Configuration: IConfiguration option
        Clock: TimeProvider option
        Loggers: ILoggerFactory option
        /// Who hears events.
        Listeners: (SessionEvent -> CancellationToken -> ValueTask) list
        /// Whether the audit log shows owners in clear; ValueNone: there is no audit log.
        Audit: bool voption
        /// The JSON of keys without a codec, with a resolver and read-only. Null: the library's own.
        Json: JsonSerializerOptions | null
        StoreTimeout: TimeSpan
        /// Mistakes that were found earlier, and that are raised together with those of the registry.
        Mistakes: string list
    }

    member Display: string

/// Creates setups.
[<RequireQualifiedAccess>]
module SessionSetup =
    /// A setup with the default sessions "web", "admin" and "api", and these drivers: "memory"; "cookie"; "cache", the
    /// host's IDistributedCache; "cache:<name>", the keyed IDistributedCache of this name; "sql", the host's
    /// DbDataSource.
    val empty: SessionSetup

    /// Registers a driver under the name by which settings choose it. It replaces an earlier driver of this name. The
    /// caller disposes it.
    val driver: name: string -> driver: SessionDriver -> setup: SessionSetup -> SessionSetup

    /// Registers a driver that is created from the host's services at startup, and disposed with the registry.
    val driverFrom: name: string -> make: (IServiceProvider -> SessionDriver) -> setup: SessionSetup -> SessionSetup

    /// Registers a session, or changes the settings of a registered one. The function gets the settings from the
    /// defaults and the configuration; what it sets wins. It may raise OptionsValidationException; the failures are
    /// mistakes like all others.
    val session: name: string -> change: (SessionSettings -> SessionSettings) -> setup: SessionSetup -> SessionSetup

    /// Sets the secrets, of at least 32 bytes each. The first one signs, all of them verify. They replace those of the
    /// configuration and the environment. Raises ArgumentException if one is null.
    val secrets: secrets: string list -> setup: SessionSetup -> SessionSetup

    /// Sets the application's name; tokens are good for one application only. Default: the host's application name;
    /// without a host, the name of the entry assembly.
    val application: name: string -> setup: SessionSetup -> SessionSetup

    /// Reads `session:sessions:<name>`, `app:secret` and the like from this configuration.
    val configuration: configuration: IConfiguration -> setup: SessionSetup -> SessionSetup

    /// Sets the JSON options for all keys that have no codec of their own, unchanged, and makes them read-only. As with
    /// Codec.jsonWith nothing is refused: what these options do not store is lost. What the sessions hold already is
    /// read by the new options, too; a value that they cannot read counts as missing. Raises ArgumentNullException for
    /// null.
    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    val jsonOptions: options: JsonSerializerOptions -> setup: SessionSetup -> SessionSetup

    /// Like jsonOptions, with the options of a context, which work without reflection. A key of a type that the context
    /// does not know raises NotSupportedException at its first use.
    val jsonContext: context: JsonSerializerContext -> setup: SessionSetup -> SessionSetup

    /// Sets the clock for all lifetimes, and for the drivers that are created from the host's services. Default: the
    /// host's, or the system's.
    val timeProvider: clock: TimeProvider -> setup: SessionSetup -> SessionSetup

    /// Sets where log lines go. Default: the host's loggers; without a host, nowhere.
    val loggerFactory: loggers: ILoggerFactory -> setup: SessionSetup -> SessionSetup

    /// Adds somebody who hears what happens to sessions, after the fact: one event after another, outside the requests. An
    /// exception is logged. The token is cancelled when the application has stopped and does not wait any longer. Events
    /// that come too quickly for those who listen are dropped and counted. Services of the type ISessionEvents hear the
    /// same.
    val events: listener: (SessionEvent -> CancellationToken -> ValueTask) -> setup: SessionSetup -> SessionSetup

    /// Writes all events to the log category Runa.Session.Audit. Owners are shown as a hash under the first secret, or in
    /// clear if `showsOwners` is true.
    val auditLog: showsOwners: bool -> setup: SessionSetup -> SessionSetup

    /// Adds mistakes that an integration has found, a sentence each. They keep the application from starting, and are
    /// raised together with all others.
    val refuse: mistakes: string list -> setup: SessionSetup -> SessionSetup

    /// The names of the sessions that the setup has registered so far, in their order.
    val names: setup: SessionSetup -> string list

    /// Sets how long one call to a driver may take before it counts as failed. Default: 5 seconds. Raises
    /// ArgumentOutOfRangeException for zero or less, and for more than one day.
    val storeTimeout: limit: TimeSpan -> setup: SessionSetup -> SessionSetup
