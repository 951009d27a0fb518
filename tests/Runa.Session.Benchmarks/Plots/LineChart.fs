namespace Runa.Session.Benchmarks.Plots

/// Who a line or a bar is about, which decides its colour.
type Who =
    | Ours
    | Theirs
    | Bare
    | Other

module internal Who =
    let classOf (who: Who) : string =
        match who with
        | Ours -> "ours"
        | Theirs -> "theirs"
        | Bare -> "bare"
        | Other -> "other"

type Line = { Name: string; Who: Who; IsDashed: bool; Points: (float * float) list }

/// Lines over a logarithmic axis. Each is named at its end, so that no legend is needed.
type LineChart =
    {
        Title: string
        /// What the vertical axis shows, with its unit.
        Vertical: string
        Horizontal: string
        /// The values of the horizontal axis that are marked, and how.
        Marks: (float * string) list
        MakeScale: float list -> Scale
        Lines: Line list
    }

module LineChart =
    let private width, height = 760., 400.
    let private left, right, top, bottom = 76., 566., 78., 346.

    let svg (chart: LineChart) : string =
        let xs = chart.Lines |> List.collect (fun line -> List.map fst line.Points)
        let ys = chart.Lines |> List.collect (fun line -> List.map snd line.Points)
        let horizontal = Logarithmic(List.min xs, List.max xs)
        let vertical = chart.MakeScale ys
        let x (value: float) = left + 14. + (right - left - 14.) * Scale.position horizontal value
        let y (value: float) = bottom - (bottom - top) * Scale.position vertical value

        let rows =
            [ for tick in Scale.ticks vertical do
                  Svg.line (if y tick = bottom then "axis" else "grid") left (y tick) right (y tick)
                  Svg.text "" "end" (left - 10.) (y tick + 4.5) (Scale.label tick) ]

        let marks =
            [ for value, label in chart.Marks do
                  Svg.line "axis" (x value) bottom (x value) (bottom + 5.)
                  Svg.text "" "middle" (x value) (bottom + 22.) label ]

        let lines =
            [ for line in chart.Lines do
                  let who = Who.classOf line.Who
                  let points = [ for at, value in line.Points -> x at, y value ]
                  Svg.polyline (if line.IsDashed then who + " dashed" else who) points

                  for at, value in points do
                      Svg.dot (who + "-fill") at value ]

        let ends = chart.Lines |> List.map (fun line -> List.last line.Points)

        let names =
            ends
            |> List.map (fun (_, value) -> y value)
            |> Scale.apart 18.
            |> List.zip chart.Lines
            |> List.map (fun (line, at) ->
                Svg.text $"name {Who.classOf line.Who}-fill" "start" (right + 14.) (at + 4.5) line.Name)

        Svg.picture
            width
            height
            $"{chart.Title}. {chart.Vertical}, by {chart.Horizontal}."
            [ Svg.text "title" "start" 20. 32. chart.Title
              Svg.text "" "start" 20. 54. chart.Vertical
              Svg.text "" "middle" ((left + right) / 2.) (bottom + 44.) chart.Horizontal
              yield! rows
              yield! marks
              yield! lines
              yield! names ]
