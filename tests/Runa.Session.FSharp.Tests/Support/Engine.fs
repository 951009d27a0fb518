/// The engine without HTTP, for tests that hold a definition.
module internal Runa.Session.Tests.Engine

open System
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.Hosting

/// What a step came to.
type Stepped<'R> = { Snapshot: Snapshot; Cookie: CookieChange; IsWritten: bool; Result: 'R }

let definition (registry: SessionRegistry) (name: string) : SessionDefinition = (registry.Find name).Definition

let load (session: SessionDefinition) (header: StringValues) : ValueTask<Snapshot> = (Homes.find session).Load header

let touchIfDue (session: SessionDefinition) (snapshot: Snapshot) : Task<Snapshot> =
    (Transact.touchIfDue (Homes.find session) snapshot).AsTask()

let run (session: SessionDefinition) watch snapshot pending whenGone step : ValueTask<Stepped<'R>> =
    ValueTask<Stepped<'R>>(
        task {
            let! struct (answer, result) = Transact.run (Homes.find session) watch whenGone step snapshot pending

            return
                { Snapshot = answer.Snapshot
                  Cookie = answer.Cookie
                  IsWritten = answer.IsWritten
                  Result = result }
        }
    )

/// The Set-Cookie texts of a change.
let setCookies (session: SessionDefinition) (isHttps: bool) (change: CookieChange) : string list =
    [ for line in CookiePieces.lines session.Cookie session.Now change -> session.Cookie.Text(line, isHttps) ]

/// The first genuine token among the cookies of a header.
let findToken (session: SessionDefinition, header: StringValues, sawForeign: byref<bool>) : Place voption =
    let mutable walk = CookieWalk(header, session.Settings.CookieName)
    let mutable tried = 0
    TokenSearch.tryNext (session, &walk, &tried, &sawForeign)

/// Set-Cookie texts of single cookies.
type SetCookie with

    member cookie.Set(value: string, life: TimeSpan, isHttps: bool) : string =
        cookie.Text({ Name = cookie.Name; Value = ValueSome value; MaxAge = life }, isHttps)

    member cookie.Expire(name: string, isHttps: bool) : string =
        cookie.Text({ Name = name; Value = ValueNone; MaxAge = TimeSpan.Zero }, isHttps)

    member cookie.Expire(isHttps: bool) : string = cookie.Expire(cookie.Name, isHttps)

let private texts (cookie: SetCookie) isHttps (change: CookieChange) =
    [ for line in CookiePieces.lines cookie DateTimeOffset.UnixEpoch change -> cookie.Text(line, isHttps) ]

/// The Set-Cookie texts of a value, and the number of its pieces; `held`: the last piece that the browser holds.
let setPieces (cookie: SetCookie) (value: string) (life: TimeSpan) (held: int) isHttps : struct (string list * int) =
    let change = CookieChange.Set(value.AsMemory(), DateTimeOffset.UnixEpoch + life, held)
    struct (texts cookie isHttps change, CookiePieces.count cookie value life)

let expirePieces (cookie: SetCookie) (held: int) isHttps : string list = texts cookie isHttps (CookieChange.Expire held)
