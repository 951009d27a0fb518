namespace Runa.Session.Benchmarks

/// Prints ratios, which compare better than times on a busy machine.
module Report =
    let private line (what: string) (value: float) (target: float) (unit: string) =
        let verdict = if value >= target then "reached" else "not reached"
        printfn "%-58s %8.2f%s  target %5.2f%s  %s" what value unit target unit verdict

    let overKestrel (rates: Map<string, float>) =
        for KeyValue(name, rate) in rates do
            printfn "%-32s %8.0f requests/s" name rate

        let share what part whole target =
            match rates.TryFind part, rates.TryFind whole with
            | Some part, Some whole -> line what (part / whole) target ""
            | _ -> printfn "%-58s skipped: not installed" what

        share "Kestrel, memory: read, of bare" "memory, read" "bare" 0.97
        share "Kestrel, memory: write, of bare" "memory, write" "bare" 0.94
        share "Kestrel, Redis: read, of one GET" "Redis, read" "Redis, one GET" 0.91
        share "Kestrel, Redis: read, of ASP.NET Core's" "Redis, read" "Redis, read by ASP.NET Core" 2.2
        share "Kestrel, Redis: write, of ASP.NET Core's" "Redis, write" "Redis, write by ASP.NET Core" 1.45

    /// `over`: the nanoseconds and bytes of a case over those of the bare endpoint.
    let inProcess (nanoseconds: string -> float) (bytes: string -> float) =
        let ratio what part whole target = line what (whole / part) target ""
        ratio
            "in process, read: ASP.NET Core's time / ours"
            (nanoseconds "F# read")
            (nanoseconds "ASP.NET Core read")
            18.
        ratio "in process, read: ASP.NET Core's bytes / ours" (bytes "F# read") (bytes "ASP.NET Core read") 8.
        ratio
            "in process, write: ASP.NET Core's time / ours"
            (nanoseconds "F# write")
            (nanoseconds "ASP.NET Core write")
            11.
        ratio "in process, read: F# / C#" (nanoseconds "C# read") (nanoseconds "F# read") 0.95
        ratio "in process, write: F# / C#" (nanoseconds "C# write") (nanoseconds "F# write") 0.95
