namespace Runa.Session

open System.Diagnostics
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session.Hosting

/// Loads the session of a request, by the token with which it came.
module internal ArrivedLoad =
    let private arrival (host: IScopeHost) (cookies: StringValues) (isPeek: bool) (isKnown: bool) : Arrival =
        { At = host.Arrived
          Cookies = cookies
          MaySetCookie = not isPeek && host.CanSendCookie && not host.IsPrefetch
          IsPeek = isPeek
          IsKnown = isKnown }

    /// `keep` gets the cookie of a rotation, if there was one.
    let run (home: Home) (arrive: Arrival -> Snapshot -> ValueTask<Arrived>) host cookies isPeek isKnown keep =
        home.Load cookies
        |> ValueTasks.bind (arrive (arrival host cookies isPeek isKnown))
        |> ValueTasks.map (fun arrived ->
            match arrived.Cookie with
            | CookieChange.None -> ()
            | change -> keep (CookieRenewal(change, Stopwatch.GetTimestamp()))

            arrived.Found)
