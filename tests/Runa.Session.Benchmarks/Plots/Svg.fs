namespace Runa.Session.Benchmarks.Plots

open System.Globalization
open System.Net

/// A picture that follows the reader's light or dark colours.
module Svg =
    let private style =
        """
  text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 13px; fill: #57606a }
  .ground { fill: #ffffff }
  .title { font-size: 16px; font-weight: 600; fill: #1f2328 }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .axis { stroke: #8c959f; stroke-width: 1 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
  .dashed { stroke-dasharray: 2 6 }
  .name { font-weight: 600 }
  .ours { stroke: #0969da } .ours-fill { fill: #0969da }
  .theirs { stroke: #bc4c00 } .theirs-fill { fill: #bc4c00 }
  .bare { stroke: #6e7781 } .bare-fill { fill: #6e7781 }
  .other { stroke: #1a7f37 } .other-fill { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .ground { fill: #0d1117 }
    .title { fill: #f0f6fc }
    .grid { stroke: #272d36 }
    .axis { stroke: #656c76 }
    .ours { stroke: #58a6ff } .ours-fill { fill: #58a6ff }
    .theirs { stroke: #f0883e } .theirs-fill { fill: #f0883e }
    .bare { stroke: #9198a1 } .bare-fill { fill: #9198a1 }
    .other { stroke: #3fb950 } .other-fill { fill: #3fb950 }
  }
"""

    let number (value: float) : string = value.ToString("0.#", CultureInfo.InvariantCulture)

    let text (classes: string) (anchor: string) (x: float) (y: float) (text: string) : string =
        $"""<text class="{classes}" text-anchor="{anchor}" x="{number x}" y="{number y}">{WebUtility.HtmlEncode text}</text>"""

    let line (classes: string) (x1: float) (y1: float) (x2: float) (y2: float) : string =
        $"""<line class="{classes}" x1="{number x1}" y1="{number y1}" x2="{number x2}" y2="{number y2}"/>"""

    let polyline (classes: string) (points: (float * float) list) : string =
        let points = points |> List.map (fun (x, y) -> $"{number x},{number y}") |> String.concat " "
        $"""<polyline class="line {classes}" points="{points}"/>"""

    let dot (classes: string) (x: float) (y: float) : string =
        $"""<circle class="{classes}" cx="{number x}" cy="{number y}" r="3.5"/>"""

    let bar (classes: string) (x: float) (y: float) (width: float) (height: float) : string =
        $"""<rect class="{classes}" x="{number x}" y="{number y}" width="{number width}" height="{number height}" rx="2"/>"""

    /// `description` is for those who do not see the picture.
    let picture (width: float) (height: float) (description: string) (parts: string list) : string =
        let size =
            $"""viewBox="0 0 {number width} {number height}" width="{number width}" height="{number height}" """
        let ground = $"""<rect class="ground" width="{number width}" height="{number height}" rx="8"/>"""

        String.concat
            "\n"
            [ $"""<svg xmlns="http://www.w3.org/2000/svg" {size}role="img">"""
              $"<title>{WebUtility.HtmlEncode description}</title>"
              $"<style>{style}</style>"
              ground
              yield! parts
              "</svg>\n" ]
