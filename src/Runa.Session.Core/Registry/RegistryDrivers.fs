namespace Runa.Session

open System
open System.Runtime.ExceptionServices

/// Creates the drivers that sessions use.
module internal RegistryDrivers =
    /// Finds a driver by its exact name, or by the part before a colon, as in "cache:orders".
    let private tryFactory (parts: SetupParts) (name: string) : (IServiceProvider -> SessionDriver) option =
        match parts.Drivers.TryFind name, name.Split(':', 2) with
        | Some make, _ -> Some make
        | None, [| kind; rest |] when rest <> "" ->
            parts.NamedDrivers.TryFind kind |> Option.map (fun make -> make rest)
        | None, _ -> None

    let private unknown (parts: SetupParts) (name: string) =
        let known =
            (parts.Drivers |> Map.toList |> List.map fst)
            @ (parts.NamedDrivers |> Map.toList |> List.map (fun (kind, _) -> $"{kind}:<name>"))

        // A package of its own brings it, so it is not among the known ones until it is registered.
        let isRedis =
            not (parts.Drivers.ContainsKey "redis") && Nearest.tryFind ("redis" :: known) name = Some "redis"

        let advice =
            if isRedis then
                " Add the package Runa.Session.Redis, and register its driver \"redis\": SessionSetup.driverFrom \"redis\" (fun _ -> RedisDriver.connect \"localhost:6379\") (in C#: AddRedisDriver)."
            else
                Nearest.hint known name

        $"there is no such driver.{advice} Known: {Nearest.list known}."

    let private mistake (session: string, driver: string) (why: string) =
        $"session \"{session}\": driver = \"{driver}\": {why}"

    /// The drivers that the setup registers itself, and that no session uses.
    let unused (parts: SetupParts) (drivers: Map<string, SessionDriver>) : string list =
        let isOwn (name: string) (make: IServiceProvider -> SessionDriver) =
            match SessionSetup.empty.Parts.Drivers.TryFind name with
            | Some builtIn -> not (Object.ReferenceEquals(builtIn, make))
            | None -> true

        [ for KeyValue(name, make) in parts.Drivers do
              if isOwn name make && not (drivers.ContainsKey name) then
                  name ]

    /// Disposes drivers when the registry could not be built.
    let dispose (drivers: Map<string, SessionDriver>) : unit =
        for KeyValue(_, driver) in drivers do
            driver.Dispose().AsTask().GetAwaiter().GetResult()

    /// The drivers that sessions use, by name, and the mistakes. `isSound`: there were no other mistakes. Otherwise an
    /// exception of a driver is dropped, unless it is a SessionConfigurationException: the other mistakes may have
    /// caused it.
    let make
        (parts: SetupParts)
        (services: IServiceProvider)
        (isSound: bool)
        (sessions: (string * SessionSettings) list)
        : Map<string, SessionDriver> * string list =
        let mutable drivers = Map.empty
        let mutable errors = []

        for name, users in sessions |> List.groupBy (fun (_, o) -> o.Driver) do
            let refuse why = errors <- errors @ [ for session, _ in users -> mistake (session, name) why ]

            match tryFactory parts name with
            | None -> refuse (unknown parts name)
            | Some make ->
                try
                    drivers <- drivers.Add(name, make services)
                with
                | :? SessionConfigurationException as e -> Seq.iter refuse e.Errors
                | e ->
                    if isSound then
                        dispose drivers
                        ExceptionDispatchInfo.Throw e

        drivers, errors
