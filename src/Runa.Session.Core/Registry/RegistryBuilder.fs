namespace Runa.Session

open System
open System.Diagnostics.Metrics
open System.Reflection
open System.Security.Cryptography
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Logging.Abstractions
open Microsoft.Extensions.Options

/// What the host contributes to a registry.
type internal HostFacts =
    {
        /// Null: there is no host.
        Services: IServiceProvider | null
        Application: string
        /// The host's configuration. Settings are read from it only if the setup was given it.
        Configuration: IConfiguration option
        IsDevelopment: bool
        Clock: TimeProvider
        Loggers: ILoggerFactory
        /// Makes the meter. Null: there is none, so the meter is the registry's own.
        Meters: IMeterFactory | null
    }

/// Builds a registry from a setup. Checks everything, and raises all mistakes at once (promise 23).
module internal RegistryBuilder =
    /// The facts of a process without a host. The environment variables of hosts say whether this is Development.
    let noHost (parts: SetupParts) : HostFacts =
        let clock = defaultArg parts.Clock TimeProvider.System
        let loggers = defaultArg parts.Loggers NullLoggerFactory.Instance

        let environment =
            [ "ASPNETCORE_ENVIRONMENT"; "DOTNET_ENVIRONMENT" ] |> List.tryPick Secrets.ofEnvironment

        let entry =
            match Assembly.GetEntryAssembly() with
            | null -> None
            | assembly -> Option.ofObj (assembly.GetName().Name)

        { Services = null
          Application = defaultArg entry "application"
          Configuration = None
          IsDevelopment =
            environment
            |> Option.exists (fun name -> name.Equals("Development", StringComparison.OrdinalIgnoreCase))
          Clock = clock
          Loggers = loggers
          Meters = null }

    /// The settings, from the defaults, then the configuration, then the code; and the mistakes of the configuration.
    let private settings (parts: SetupParts) : (string * SessionSettings) list * string list =
        let section = parts.Configuration |> Option.map (fun c -> c.GetSection "session:sessions")

        let where (path: string) =
            match parts.Configuration with
            | Some configuration -> SettingPlaces.say configuration path
            | None -> ""

        let names = parts.Sessions |> List.map fst |> List.distinct

        let settings, errors =
            [ for name in names ->
                  let configured, errors =
                      match section with
                      | Some section ->
                          SettingReaders.readFrom where (section.GetSection name) (SessionSettings.defaults name)
                      | None -> SessionSettings.defaults name, []

                  let changes = parts.Sessions |> List.filter (fun (changed, _) -> changed = name) |> List.map snd

                  // A function that cannot make settings of what it was given may say so by this exception.
                  try
                      (name, List.fold (fun settings change -> change settings) configured changes), errors
                  with :? OptionsValidationException as e ->
                      (name, configured), errors @ List.ofSeq e.Failures ]
            |> List.unzip

        let isKnown (key: string) =
            names |> List.exists (fun name -> name.Equals(key, StringComparison.OrdinalIgnoreCase))

        let unknown =
            [ match section with
              | Some section ->
                  yield! SettingReaders.misplacedRoot section

                  for child in section.GetChildren() do
                      if isKnown child.Key then
                          yield! SettingReaders.misplaced child
                      else
                          SettingReaders.unregistered where names child
              | None -> () ]

        settings, List.concat errors @ unknown

    /// Settings that nothing reads.
    let private strays (parts: SetupParts) (host: HostFacts) : Stray list =
        let names = parts.Sessions |> List.map fst |> List.distinct

        match parts.Configuration, host.Configuration with
        | Some configuration, _ -> StraySettings.find names configuration
        | None, Some configuration -> StraySettings.findUnread names configuration
        | None, None -> []

    /// ` Nothing reads session:secret.`, for a message that no secret was found.
    let private straySecret (parts: SetupParts) (host: HostFacts) : string =
        let configuration = parts.Configuration |> Option.orElse host.Configuration

        match StraySecrets.forCurrent configuration with
        | [] -> ""
        | names when parts.Configuration.IsNone && host.Configuration.IsSome ->
            $" AddRunaSession was called without the configuration, and does not read {Nearest.list names} in it."
        | names -> $" Nothing reads {Nearest.list names}."

    /// The secrets, their mistakes, and whether a random one stands in for them.
    let private secrets (parts: SetupParts) (host: HostFacts) : string list * string list * bool =
        let found =
            match parts.Secrets with
            | Some secrets ->
                secrets
                |> List.mapi (fun index secret ->
                    $"SessionSetup.secrets, in C# AddSecrets ({index + 1} of {secrets.Length})", secret)
            | None -> Secrets.find parts.Configuration

        match found with
        | [] when host.IsDevelopment -> [ Convert.ToBase64String(RandomNumberGenerator.GetBytes 32) ], [], true
        | [] ->
            [], [ $"No secret is set, and this is not Development. {Secrets.howTo}.{straySecret parts host}" ], false
        | found ->
            let unread =
                if parts.Secrets.IsSome then
                    []
                else
                    StraySecrets.forPrevious parts.Configuration
            List.map snd found, Secrets.check found @ unread, false

    let build (setup: SessionSetup) (host: SetupParts -> HostFacts) : SessionRegistry =
        let parts = setup.Parts
        let host = host parts
        let clock = defaultArg parts.Clock host.Clock
        let loggers = defaultArg parts.Loggers host.Loggers
        let log = loggers.CreateLogger "Runa.Session"
        let settings, configurationErrors = settings parts
        let secrets, secretErrors, isMadeUp = secrets parts host
        let strays = strays parts host

        let settingErrors =
            configurationErrors
            @ List.choose
                (function
                | Stray.Mistake text -> Some text
                | Stray.Doubt _ -> None)
                strays
            @ parts.Mistakes
            @ List.collect (fun (name, o) -> SettingsRules.check name o) settings
            @ SettingsRules.checkAll settings
            // Shared sessions have no application name, so sessions of an application without a name would pass for
            // them.
            @ (if parts.Application |> Option.exists String.IsNullOrWhiteSpace then
                   [ "SessionSetup.application (in C#: SetApplicationName): the name of the application is empty. Give a name, or leave the call out to use the host's." ]
               else
                   [])

        let isSound = settingErrors.IsEmpty && secretErrors.IsEmpty
        let services = DriverServices(host.Services, clock, loggers)
        let drivers, driverErrors = RegistryDrivers.make parts services isSound settings

        let inCookie =
            settings
            |> List.filter (fun (_, o) ->
                drivers.TryFind o.Driver |> Option.exists (fun driver -> driver.Place.IsCookie))

        let unfit =
            [ for name, o in settings do
                  match drivers.TryFind o.Driver with
                  | Some driver ->
                      yield! SettingsRules.checkLimit name o driver.Owners.IsValueSome
                      let comparesAndSwaps = driver.Guarantee = DriverGuarantee.CompareAndSwap
                      yield! SettingsRules.checkRotation name o comparesAndSwaps
                      yield! DeviceRules.checkDriver name o driver.Place.IsCookie comparesAndSwaps
                      yield! ProfileRules.checkDriver name o driver.Place.IsCookie driver.Owners.IsValueSome
                  | None -> () ]

        let errors =
            settingErrors @ SettingsRules.checkInCookie inCookie settings @ unfit @ driverErrors @ secretErrors

        if not errors.IsEmpty then
            RegistryDrivers.dispose drivers
            raise (SessionConfigurationException errors)

        if isMadeUp then
            Log.noSecret log (straySecret parts host)

        for stray in strays do
            match stray with
            | Stray.Doubt text -> Log.straySetting log text
            | Stray.Mistake _ -> ()

        for driver in RegistryDrivers.unused parts drivers do
            Log.unusedDriver log driver

        if not host.IsDevelopment then
            for name, o in settings do
                match SettingsRules.betterName o with
                | Some better -> Log.unprefixed log o.CookieName name better
                | None -> ()

        let telemetry = new Telemetry(host.Meters)
        DriverUsages.observe telemetry (Map.toList drivers)
        let events = EventListeners.queues parts host.Services loggers secrets.Head telemetry
        let ring = KeyRing.ofSecrets secrets
        let application = defaultArg parts.Application host.Application

        let sessions: SessionDefinition list =
            [ for name, o in settings ->
                  let owner = if o.Shared then None else Some application
                  let scope = $"{defaultArg owner String.Empty}/{name}"

                  { Name = name
                    Settings = o
                    Driver = drivers[o.Driver]
                    Scope = scope
                    Token = SessionToken(ring, owner, name)
                    Cookie = SessionSettings.cookie o
                    Seal =
                      if drivers[o.Driver].Place.IsCookie then
                          ValueSome(SealedCookie(ring, owner, name))
                      else
                          ValueNone
                    Devices =
                      if o.DeviceBound.IsOff then
                          ValueNone
                      else
                          ValueSome(Devices(ring, owner, name, scope, SessionSettings.boundCookie o))
                    Clock = clock
                    Log = log
                    Telemetry = SessionTelemetry(telemetry, name, o.Driver)
                    Events = SessionEvents(events, clock, name, o.Driver)
                    Json = parts.Json
                    StoreTimeout = parts.StoreTimeout
                    Limits = CallLimits parts.StoreTimeout
                    Queues = CommitQueues(drivers[o.Driver].Place.IsStore)
                    SignIns = SignInTurns()
                    Thefts = ToldThefts()
                    Hints = Hints()
                    IsDevelopment = host.IsDevelopment } ]

        new SessionRegistry(sessions, Map.toList drivers, clock, log, telemetry, events)
