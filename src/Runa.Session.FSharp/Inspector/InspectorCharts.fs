namespace Runa.Session

open System
open System.Globalization
open System.Text

/// Small charts as inline SVG.
module internal InspectorCharts =
    let private number (x: float) = x.ToString("0.#", CultureInfo.InvariantCulture)

    /// Bars of equal width, as high as the highest number allows. `label` says in words what it shows.
    let bars (label: string) (numbers: int64[]) : string =
        let width, height = 240., 48.
        let highest = float (max 1L (Array.max numbers))
        let step = width / float numbers.Length
        let svg = StringBuilder()

        svg.Append(
            $"""<svg viewBox="0 0 {number width} {number height}" role="img" aria-label="{label}" preserveAspectRatio="none">"""
        )
        |> ignore

        for i in 0 .. numbers.Length - 1 do
            if numbers[i] > 0L then
                let tall = Math.Max(2., float numbers[i] / highest * height)

                svg.Append(
                    $"""<rect x="{number (float i * step)}" y="{number (height - tall)}" width="{number (step * 0.8)}" height="{number tall}"/>"""
                )
                |> ignore

        svg.Append "</svg>" |> string
