namespace Runa.Session.Benchmarks.Growth

open System
open System.Threading.Tasks
open Runa.Session.Benchmarks
open Runa.Session.Benchmarks.Plots

/// How the rate of requests over Kestrel grows with the connections, and with the writers of one session.
module GrowthOverKestrel =
    let private rounds = 9
    let private time = TimeSpan.FromSeconds 0.4
    let private theirs = "by ASP.NET Core's session"

    let private marks (axis: int list) = axis |> List.map (fun at -> float at, Scale.label (float at))

    /// The medians of the rates. All cases take turns.
    let private medians (axis: int list) (names: string list) (measure: string -> int -> Task<float>) =
        task {
            let found = ResizeArray<(string * int) * float>()

            for _ in 1..rounds do
                for at in axis do
                    for name in names do
                        let! value = measure name at
                        found.Add((name, at), value)

            return
                fun name ->
                    [ for at in axis ->
                          float at,
                          Median.of'
                              [ for key, value in found do
                                    if key = (name, at) then
                                        value ] ]
        }

    let connections (output: Output) : Task =
        SiteProcess.beside "serve-memory" (fun sites ->
            task {
                let ports = Map.ofList sites
                let names = [ "bare"; "memory, read"; $"memory, read {theirs}" ]
                let axis = [ 1; 2; 4; 8; 16; 32; 64 ]
                let cookies = Collections.Generic.Dictionary<string, string[]>()

                for name in names do
                    let! made = Load.visitors ports[name] 50
                    cookies[name] <- made
                    let! _ = Load.run ports[name] 32 time made
                    ()

                let! points =
                    medians axis names (fun name at ->
                        task {
                            let! result = Load.run ports[name] at time cookies[name]
                            return result.PerSecond / 1000.
                        })

                GrowthChart.show
                    output
                    "growth-connections"
                    { Title = "More connections"
                      Vertical = "thousands of requests in a second over Kestrel, sessions in memory"
                      Horizontal = "connections, each of which sends its next request after the last answer"
                      Marks = marks axis
                      MakeScale = Scale.linear
                      Lines =
                        [ GrowthChart.line "no session" Bare (points "bare")
                          GrowthChart.line "read, Runa.Session" Ours (points "memory, read")
                          GrowthChart.line "read, ASP.NET Core" Theirs (points $"memory, read {theirs}") ] }
            })

    /// One session, which each request changes: how many changes were stored in a second, and the share of those that
    /// were answered.
    let private write (port: int) (writers: int) : Task<float * float> =
        task {
            let! cookies = Load.visitors port 1
            let! before = Load.count port cookies[0]
            let! result = Load.run port writers time cookies
            let! after = Load.count port cookies[0]
            let share = float (after - before) / float result.Answers
            return result.PerSecond * share, share
        }

    let writers (output: Output) : Task =
        SiteProcess.beside "serve-writers" (fun sites ->
            task {
                let ports = Map.ofList sites
                let isTheirs (name: string) = name.EndsWith theirs
                let names =
                    [ for name, _ in sites do
                          if name.Contains "write" then
                              name ]
                let axis = [ 1; 10; 100; 1000 ]
                let shares = Collections.Generic.Dictionary<string * int, float>()

                for name in names do
                    let! _ = write ports[name] 32
                    ()

                let! points =
                    medians axis names (fun name at ->
                        task {
                            let! rate, share = write ports[name] at

                            if share <> 1. && not (isTheirs name) then
                                failwith $"{name}, {at} writers: stored {share} of the updates that were answered."

                            shares[(name, at)] <- share
                            return rate
                        })

                let line (name: string) : Line =
                    let store = name.Split(',')[0]
                    let who, by = if isTheirs name then Theirs, "ASP.NET Core" else Ours, "Runa.Session"
                    { Name = $"{store}, {by}"; Who = who; IsDashed = (store <> "memory"); Points = points name }

                GrowthChart.show
                    output
                    "growth-writers"
                    { Title = "More writers of one session"
                      Vertical = "updates in a second that were stored, over Kestrel"
                      Horizontal = "writers of the same session"
                      Marks = marks axis
                      MakeScale = Scale.logarithmic
                      Lines = List.map line names }

                Report.table
                    ("writers" :: names)
                    [ for at in axis ->
                          Scale.label (float at)
                          :: [ for name in names -> $"{Report.number 1 (100. * shares[(name, at)])} %%" ] ]
                |> output.Show "stored updates"
            })
