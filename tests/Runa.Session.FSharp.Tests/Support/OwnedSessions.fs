/// Sessions of one owner, and the end of them all.
module internal Runa.Session.Tests.OwnedSessions

open System.Threading
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let none = CancellationToken.None

let counting () =
    let clock = clock ()
    let driver = TestDriver.Counting(memory clock)
    driver, web clock driver.Driver

let isAlive session token = Session.status (find session token) = SessionStatus.Active
let signIn session owner = start session (Session.signIn owner)
let many session count = [ for _ in 1..count -> signIn session "alice" ]
let listed session = OwnerListing.list session "alice" none |> wait
let endAll session = OwnerSessions.revokeOwner session "alice" none
let keyOf session token = (wait (load session token)).Place.Key
