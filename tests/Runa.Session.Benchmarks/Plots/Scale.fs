namespace Runa.Session.Benchmarks.Plots

open System

/// The values that an axis shows, and how.
type Scale =
    | Linear of least: float * most: float
    | Logarithmic of least: float * most: float

module Scale =
    /// 1, 2 or 5 times a power of ten, at least this value.
    let roundUp (value: float) : float =
        let power = 10. ** floor (log10 value)

        match [ 1.; 2.; 5. ] |> List.tryFind (fun factor -> factor * power >= value * (1. - 1e-9)) with
        | Some factor -> factor * power
        | None -> 10. * power

    /// From zero, with about four ticks.
    let linear (values: float list) : Scale =
        let step = roundUp (List.max values / 4.)
        Linear(0., step * ceil (List.max values / step - 1e-9))

    /// From a power of ten to a power of ten.
    let logarithmic (values: float list) : Scale =
        let least = floor (log10 (List.min values) + 1e-9)
        let most = ceil (log10 (List.max values) - 1e-9)
        Logarithmic(10. ** least, 10. ** max most (least + 1.))

    /// Where a value lies: 0 at the beginning of the axis, 1 at its end.
    let position (scale: Scale) (value: float) : float =
        match scale with
        | Linear(least, most) -> (value - least) / (most - least)
        | Logarithmic(least, most) -> log (value / least) / log (most / least)

    let ticks (scale: Scale) : float list =
        match scale with
        | Linear(least, most) ->
            let step = roundUp ((most - least) / 5.)
            [ for i in 0 .. int (floor ((most - least) / step + 1e-9)) -> least + step * float i ]
        | Logarithmic(least, most) ->
            [ for power in int (round (log10 least)) .. int (round (log10 most)) -> 10. ** float power ]

    /// Moves positions apart that are closer than this, and keeps their order.
    let apart (distance: float) (positions: float list) : float list =
        let rec settle (rounds: int) (sorted: float[]) =
            for i in 1 .. sorted.Length - 1 do
                let missing = distance - (sorted[i] - sorted[i - 1])

                if missing > 0. then
                    sorted[i - 1] <- sorted[i - 1] - missing / 2.
                    sorted[i] <- sorted[i] + missing / 2.

            if rounds > 0 then
                settle (rounds - 1) sorted

        let order = positions |> List.indexed |> List.sortBy snd
        let moved = order |> List.map snd |> Array.ofList
        settle 100 moved
        order |> List.mapi (fun i (index, _) -> index, moved[i]) |> List.sortBy fst |> List.map snd

    /// 0.1, 20, 5,000, 1 million.
    let label (value: float) : string =
        if value >= 1e6 && Math.IEEERemainder(value, 1e5) = 0. then
            value / 1e6 |> fun millions -> $"{millions} M"
        elif value >= 1. || value = 0. then
            value.ToString("#,0.##", Globalization.CultureInfo.InvariantCulture)
        else
            value.ToString("0.######", Globalization.CultureInfo.InvariantCulture)
