namespace Runa.Session.Benchmarks.Plots

type Bar = { Name: string; Who: Who; Value: float; Label: string }

/// Horizontal bars from zero, each with its value.
type BarChart = { Title: string; Horizontal: string; Bars: Bar list }

module BarChart =
    let private width = 760.
    let private left, right, top = 270., 660., 80.
    let private each, thickness = 34., 20.

    let svg (chart: BarChart) : string =
        let most = chart.Bars |> List.map _.Value |> List.max
        let bottom = top + each * float chart.Bars.Length

        let bars =
            [ for i, bar in List.indexed chart.Bars do
                  let middle = top + each * (float i + 0.5)
                  let length = max 2. ((right - left) * bar.Value / most)
                  Svg.text "" "end" (left - 12.) (middle + 4.5) bar.Name
                  Svg.bar (Who.classOf bar.Who + "-fill") left (middle - thickness / 2.) length thickness
                  Svg.text "name" "start" (left + length + 10.) (middle + 4.5) bar.Label ]

        Svg.picture
            width
            (bottom + 20.)
            $"{chart.Title}. {chart.Horizontal}."
            [ Svg.text "title" "start" 20. 32. chart.Title
              Svg.text "" "start" 20. 54. chart.Horizontal
              Svg.line "axis" left (top - 2.) left (bottom + 2.)
              yield! bars ]
