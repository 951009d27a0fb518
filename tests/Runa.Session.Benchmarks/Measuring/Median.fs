namespace Runa.Session.Benchmarks

module Median =
    let of' (values: float seq) : float =
        let sorted = values |> Seq.sort |> Array.ofSeq
        let middle = sorted.Length / 2

        if sorted.Length % 2 = 1 then
            sorted[middle]
        else
            (sorted[middle - 1] + sorted[middle]) / 2.
