namespace Runa.Session.Benchmarks

open System.Threading.Tasks

/// One request each, in process, without a network: what the pipeline costs.
module InProcess =
    let private cases () =
        let case (name: string) (app: Pipeline) = name, (fun () -> app.Request())

        [ case "bare" (Apps.bare ())
          case "ASP.NET Core read" (Apps.Framework.read ())
          case "ASP.NET Core write" (Apps.Framework.write ())
          case "F# read" (Apps.Runa.read ())
          case "F# write" (Apps.Runa.write ())
          case "C# untouched" (Apps.Middleware.untouched ())
          case "C# read" (Apps.Middleware.read ())
          case "C# write" (Apps.Middleware.write ()) ]

    let run (rounds: int) =
        let measured = Rounds.measure rounds 4_000 (cases ())
        let bare = measured["bare"]

        for KeyValue(name, it) in measured do
            printfn
                "%-20s %8.0f ns %7.0f B   over bare %8.0f ns %7.0f B"
                name
                it.Nanoseconds
                it.Bytes
                (it.Nanoseconds - bare.Nanoseconds)
                (it.Bytes - bare.Bytes)

        let nanoseconds name = measured[name].Nanoseconds - bare.Nanoseconds
        let bytes name = measured[name].Bytes - bare.Bytes
        Report.inProcess nanoseconds bytes
