namespace Runa.Session.Benchmarks

open System
open System.Threading.Tasks

/// Requests in a second over Kestrel on the loopback.
module OverKestrel =
    let private visitors = 50
    let private connections = 32

    /// The rates of each site, one for each round. The sites take turns.
    let private rates (rounds: int) (time: TimeSpan) (sites: (string * int) list) : Task<(string * float list) list> =
        task {
            let cookies = Collections.Generic.Dictionary<string, string[]>()

            for name, port in sites do
                let! made = Load.visitors port visitors
                cookies[name] <- made
                let! _ = Load.run port connections (TimeSpan.FromSeconds 1.) made
                ()

            let results = ResizeArray<string * float>()

            for _ in 1..rounds do
                for name, port in sites do
                    let! result = Load.run port connections time cookies[name]
                    results.Add(name, result.PerSecond)

            return
                [ for name, _ in sites ->
                      name,
                      [ for other, rate in results do
                            if other = name then
                                rate ] ]
        }

    let private stores = [ "memory"; "cookie"; "Redis"; "PostgreSQL"; "SQLite" ]

    let private table (rates: (string * float list) list) : string =
        let rate name =
            match List.tryFind (fun (other, _) -> other = name) rates with
            | Some(_, rates) -> Report.number 0 (Median.of' rates)
            | None -> "–"

        let yardstick (store: string) =
            match store with
            | "memory"
            | "cookie" -> "bare"
            | "Redis" -> "Redis, one GET"
            | store -> $"{store}, one SELECT"

        let row (what: string) (name: string -> string) = what :: List.map (name >> rate) stores

        Report.table
            ("requests in a second" :: stores)
            [ row "bare endpoint, one GET, or one SELECT by key" yardstick
              row "bare endpoint, with a cookie and the two headers" (fun store ->
                  if store = "memory" then "bare, cookie and headers" else "")
              row "read" (fun store -> $"{store}, read")
              row "write" (fun store -> $"{store}, write")
              row "read by ASP.NET Core's session" (fun store -> $"{store}, read by ASP.NET Core's session")
              row "write by ASP.NET Core's session, which loses updates" (fun store ->
                  $"{store}, write by ASP.NET Core's session") ]

    let private ratios (rates: (string * float list) list) : Ratio list =
        let rates = Map.ofList rates

        // Both sides of a ratio are of the same round.
        let share what part whole least =
            let value =
                match rates.TryFind part, rates.TryFind whole with
                | Some part, Some whole -> Some(List.map2 (/) part whole |> Median.of')
                | _ -> None

            Report.ratio $"Kestrel, {what}" value (AtLeast least)

        [ share "memory: read, of bare" "memory, read" "bare" 0.97
          share "memory: write, of bare" "memory, write" "bare" 0.94
          share "memory: read, of bare with cookie and headers" "memory, read" "bare, cookie and headers" 0.97
          share "memory: write, of bare with cookie and headers" "memory, write" "bare, cookie and headers" 0.94
          share "Redis: read, of one GET" "Redis, read" "Redis, one GET" 0.91
          share "Redis: read, of ASP.NET Core's" "Redis, read" "Redis, read by ASP.NET Core's session" 2.2
          share "Redis: write, of ASP.NET Core's" "Redis, write" "Redis, write by ASP.NET Core's session" 1.45
          share "PostgreSQL: read, of one SELECT" "PostgreSQL, read" "PostgreSQL, one SELECT" 0.85
          share "SQLite: read, of one SELECT" "SQLite, read" "SQLite, one SELECT" 0.85 ]

    /// Measures each site for so many seconds in so many rounds.
    let run (output: Output) (rounds: int) (seconds: float) : Task<Ratio list> =
        task {
            let! rates = SiteProcess.beside "serve" (rates rounds (TimeSpan.FromSeconds seconds))
            output.Show "over Kestrel" $"{table rates}\n\n{connections} connections, {visitors} visitors."
            return ratios rates
        }
