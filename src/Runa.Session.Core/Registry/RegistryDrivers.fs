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

        $"there is no such driver.{Nearest.hint known name} Known: {Nearest.list known}."

    let private mistake (session: string, driver: string) (why: string) =
        $"session \"{session}\": driver = \"{driver}\": {why}"

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
