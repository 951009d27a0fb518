/// Snapshots of one session, and what is read of them.
module internal Runa.Session.Tests.Snapshots

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session.TestSupport
open Runa.Session
open Runa.Session.Tests.Requests

let definition =
    let clock = clock ()
    web clock (memory clock)

let now = definition.Now
let place = Unchecked.defaultof<Place>
let fresh = SessionState.fresh now (TimeSpan.FromHours 2.)

let recordOf version state : SessionRecord =
    { Version = RecordVersion.RecordVersion version
      Scope = definition.Scope
      State = state
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

let snapshotOf version state = Snapshot.ofRecord definition place (recordOf version state)
let holding values = { fresh with Values = values }
let same (a: objnull) (b: objnull) = Object.ReferenceEquals(a, b)

/// What a snapshot holds is read from its session alone, as a handler does.
let valuesOf (session: Session) = session.State.Values

let set (key: string) (value: string) (session: Session) =
    Session(session.Origin, { session.State with Values = session.State.Values.Add(key, value) }, session.Change)

let texts change =
    match change with
    | CookieChange.None -> "nothing"
    | CookieChange.Set(value, _, _) -> $"set {value}"
    | CookieChange.Expire held -> $"expire {held}"
