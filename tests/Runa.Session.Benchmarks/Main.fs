module Runa.Session.Benchmarks.Main

[<EntryPoint>]
let main _ =
    let results = InProcess.run 15
    Report.ratios results.Ratios
    0
