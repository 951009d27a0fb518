namespace Runa.Session

open System.Threading.Tasks

/// Loads the session of a request, by the token and the device with which it came.
module internal ArrivedLoad =
    let run (home: Home) (arrive: Arrival -> Snapshot -> ValueTask<Arrived>) (arrival: Arrival) : ValueTask<Snapshot> =
        home.Load arrival.Cookies
        |> ValueTasks.bind (fun found -> arrive arrival found)
        |> ValueTasks.map (fun arrived ->
            match arrived.Cookie with
            | CookieChange.None -> ()
            | change -> arrival.Host.Renew change

            arrived.Found)
