namespace Runa.Testing

open System
open System.Threading.Tasks
open Microsoft.Extensions.Hosting
open Runa.Session

/// Keeps the application from starting if no session uses the driver in whose place a FaultyDriver was put: a test would
/// pass without any fault.
[<Sealed>]
type internal FaultyDriverCheck(name: string, registry: SessionRegistry) =
    interface IHostedService with
        member _.StartAsync _ =
            let used = SessionRegistry.info registry |> List.map _.Driver |> List.distinct |> List.sort

            if not (List.contains name used) then
                let used = used |> List.map (fun used -> $"\"{used}\"") |> String.concat ", "

                raise (
                    InvalidOperationException
                        $"UseFaultyDriver(\"{name}\", …): no session uses a driver of this name, so it would never be asked. Drivers in use: {used}."
                )

            Task.CompletedTask

        member _.StopAsync _ = Task.CompletedTask
