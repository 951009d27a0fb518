namespace Runa.Session.Benchmarks

open System.Globalization

/// What a ratio must be at least or at most.
type Target =
    | AtLeast of float
    | AtMost of float

/// A ratio beside its target. Ratios compare better than times on a busy machine.
type Ratio =
    {
        What: string
        /// None: it could not be measured here.
        Value: float option
        Target: Target
    }

/// Tables in Markdown.
module Report =
    let private invariant = CultureInfo.InvariantCulture

    /// With separators of thousands.
    let number (decimals: int) (value: float) : string = value.ToString($"N{decimals}", invariant)

    let table (head: string list) (rows: string list list) : string =
        let line (cells: string list) =
            let cells = String.concat " | " cells
            $"| {cells} |"

        let under = head |> List.mapi (fun i _ -> if i = 0 then "---" else "---:")
        List.map line (head :: under :: rows) |> String.concat "\n"

    let ratio (what: string) (value: float option) (target: Target) : Ratio =
        { What = what; Value = value; Target = target }

    let private hasReached (value: float) (target: Target) =
        match target with
        | AtLeast least -> value >= least
        | AtMost most -> value <= most

    let private row (ratio: Ratio) : string list =
        let target =
            match ratio.Target with
            | AtLeast least -> $"≥ {number 2 least}"
            | AtMost most -> $"≤ {number 2 most}"

        match ratio.Value with
        | Some value ->
            let verdict = if hasReached value ratio.Target then "reached" else "not reached"
            [ ratio.What; number 2 value; target; verdict ]
        | None -> [ ratio.What; "–"; target; "skipped: not installed" ]

    let ratios (ratios: Ratio list) : string = table [ "ratio"; "measured"; "target"; "" ] (List.map row ratios)
