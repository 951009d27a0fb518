namespace Runa.Session.TestSupport

open System.Collections.Concurrent
open Microsoft.Extensions.Logging

type LogLine =
    {
        Level: LogLevel
        Category: string
        Text: string
        /// What it was made of, which structured logs store.
        Fields: string
        Error: exn | null
    }

/// Every line that the application logs.
[<Sealed>]
type Logs() =
    let lines = ConcurrentQueue<LogLine>()
    member _.All = List.ofSeq lines

    /// Of the library.
    member logs.Ours = logs.All |> List.filter _.Category.StartsWith("Runa.Session")

    /// Of the library, of at least Warning.
    member logs.Warnings =
        logs.Ours |> List.filter (fun line -> line.Level >= LogLevel.Warning) |> List.map _.Text

    interface ILoggerProvider with
        member _.Dispose() = ()

        member _.CreateLogger category =
            { new ILogger with
                member _.BeginScope _ = null
                member _.IsEnabled _ = true

                member _.Log(level, _, state, error, format) =
                    lines.Enqueue
                        { Level = level
                          Category = category
                          Text = format.Invoke(state, error)
                          Fields = sprintf "%A" state
                          Error = error } }
