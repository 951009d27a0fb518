namespace Runa.Session

open System
open System.Diagnostics.CodeAnalysis
open System.Text.Json
open System.Text.Json.Serialization
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging

[<Sealed>]
type SessionSetup internal (parts: SetupParts) =
    member internal _.Parts = parts

    /// Promise 5: prints no secret.
    override _.ToString() = $"SessionSetup ({Nearest.list (parts.Sessions |> List.map fst |> List.distinct)})"

and [<NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>] internal SetupParts =
    { Drivers: Map<string, IServiceProvider -> SessionDriver>
      NamedDrivers: Map<string, string -> IServiceProvider -> SessionDriver>
      Sessions: (string * (SessionSettings -> SessionSettings)) list
      Secrets: string list option
      Application: string option
      Configuration: IConfiguration option
      Clock: TimeProvider option
      Loggers: ILoggerFactory option
      Listeners: (SessionEvent -> CancellationToken -> ValueTask) list
      Audit: bool voption
      Json: JsonSerializerOptions | null
      StoreTimeout: TimeSpan
      Mistakes: string list }

    member _.Display = "SetupParts"

    /// Promise 24: prints no secret.
    override parts.ToString() = parts.Display

[<RequireQualifiedAccess>]
module SessionSetup =
    let private memory (services: IServiceProvider) =
        MemoryDriver.create
            { MemoryDriver.defaults with
                TimeProvider = services.GetRequiredService<TimeProvider>()
                LoggerFactory = services.GetRequiredService<ILoggerFactory>() }

    let private cookie (_: IServiceProvider) = CookieDriver.create ()
    let private cache (services: IServiceProvider) = CacheDriver.fromServices services

    let empty =
        SessionSetup
            { Drivers = Map [ "memory", memory; "cookie", cookie; "cache", cache; "sql", SqlDriver.fromServices ]
              NamedDrivers = Map [ "cache", CacheDriver.keyed ]
              Sessions = [ "web", id; "admin", id; "api", id ]
              Secrets = None
              Application = None
              Configuration = None
              Clock = None
              Loggers = None
              Listeners = []
              Audit = ValueNone
              Json = null
              StoreTimeout = TimeSpan.FromSeconds 5.
              Mistakes = [] }

    let driverFrom (name: string) (make: IServiceProvider -> SessionDriver) (setup: SessionSetup) =
        SessionSetup { setup.Parts with Drivers = setup.Parts.Drivers.Add(name, make) }

    let driver (name: string) (driver: SessionDriver) (setup: SessionSetup) =
        // The caller opened the driver, and disposes it.
        driverFrom name (fun _ -> driver |> SessionDriver.withDispose (fun () -> ValueTask())) setup

    let session (name: string) (change: SessionSettings -> SessionSettings) (setup: SessionSetup) =
        SessionSetup { setup.Parts with Sessions = setup.Parts.Sessions @ [ name, change ] }

    let secrets (secrets: string list) (setup: SessionSetup) =
        if secrets |> List.exists (fun secret -> isNull (box secret)) then
            raise (
                ArgumentException(
                    "One of the secrets is null. Each must be a text of at least 32 bytes.",
                    nameof secrets
                )
            )

        SessionSetup { setup.Parts with Secrets = Some secrets }

    let application (name: string) (setup: SessionSetup) = SessionSetup { setup.Parts with Application = Some name }

    let configuration (configuration: IConfiguration) (setup: SessionSetup) =
        SessionSetup { setup.Parts with Configuration = Some configuration }

    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    let jsonOptions (options: JsonSerializerOptions) (setup: SessionSetup) =
        ArgumentNullException.ThrowIfNull options
        options.MakeReadOnly(populateMissingResolver = true)
        SessionSetup { setup.Parts with Json = options }

    let jsonContext (context: JsonSerializerContext) (setup: SessionSetup) =
        ArgumentNullException.ThrowIfNull context
        context.Options.MakeReadOnly()
        SessionSetup { setup.Parts with Json = context.Options }

    let timeProvider (clock: TimeProvider) (setup: SessionSetup) = SessionSetup { setup.Parts with Clock = Some clock }

    let loggerFactory (loggers: ILoggerFactory) (setup: SessionSetup) =
        SessionSetup { setup.Parts with Loggers = Some loggers }

    let events (listener: SessionEvent -> CancellationToken -> ValueTask) (setup: SessionSetup) =
        SessionSetup { setup.Parts with Listeners = setup.Parts.Listeners @ [ listener ] }

    let auditLog (showsOwners: bool) (setup: SessionSetup) =
        SessionSetup { setup.Parts with Audit = ValueSome showsOwners }

    let names (setup: SessionSetup) : string list = setup.Parts.Sessions |> List.map fst |> List.distinct

    let refuse (mistakes: string list) (setup: SessionSetup) =
        SessionSetup { setup.Parts with Mistakes = setup.Parts.Mistakes @ mistakes }

    // Timers cannot wait for longer than 49 days.
    let private longestStoreTimeout = TimeSpan.FromDays 1.

    let storeTimeout (limit: TimeSpan) (setup: SessionSetup) =
        if limit <= TimeSpan.Zero || limit > longestStoreTimeout then
            raise (
                ArgumentOutOfRangeException(
                    nameof limit,
                    limit,
                    "The time limit of a store call must be more than zero, and one day at most."
                )
            )

        SessionSetup { setup.Parts with StoreTimeout = limit }
