namespace Runa.Session.Benchmarks.Growth

open Runa.Session.Benchmarks
open Runa.Session.Benchmarks.Plots

/// What a measurement of growth found: a table, and a picture of it.
module GrowthChart =
    /// A line by its name, who it is about, and its points. Writes are dashed.
    let line (name: string) (who: Who) (points: (float * float) list) : Line =
        { Name = name; Who = who; IsDashed = name.Contains "write"; Points = points }

    let private cell (line: Line) (at: float) : string =
        match List.tryFind (fun (x, _) -> x = at) line.Points with
        | Some(_, value) when value < 10. -> Report.number 2 value
        | Some(_, value) when value < 100. -> Report.number 1 value
        | Some(_, value) -> Report.number 0 value
        | None -> "–"

    /// The table is printed only; the page shows the picture.
    let show (output: Output) (picture: string) (chart: LineChart) =
        let table =
            Report.table
                (chart.Horizontal :: List.map (fun (line: Line) -> line.Name) chart.Lines)
                [ for at, label in chart.Marks -> label :: [ for line in chart.Lines -> cell line at ] ]

        printfn $"\n{chart.Title}, {chart.Vertical}:\n\n{table}"
        output.Draw picture (LineChart.svg chart)
