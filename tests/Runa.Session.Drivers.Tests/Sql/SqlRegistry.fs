/// An application's sessions over a driver, without a host.
module internal Runa.Session.Tests.SqlRegistry

open System
open System.Threading.Tasks
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests.SqlUnderTest

let count = SessionKey.create<int> "count"

/// Two of these over one database are two processes of one application.
let registry (clock: FakeTimeProvider) (driver: SessionDriver) : SessionRegistry =
    SessionSetup.empty
    |> SessionSetup.driver "sql" driver
    |> SessionSetup.session "web" (fun settings -> { settings with Driver = "sql" })
    |> SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
    |> SessionSetup.application "shop"
    |> SessionSetup.timeProvider clock
    |> SessionRegistry.create

/// A session with one value or owner; answers the Cookie header that leads to it.
let start (change: Session -> Session) (registry: SessionRegistry) : Task<string> =
    task {
        let! committed = SessionRegistry.update "web" None change none registry
        return committed.Cookies.Head.Split(';')[0]
    }

let increment (cookie: string) (registry: SessionRegistry) : Task<Committed> =
    SessionRegistry.update "web" (Some cookie) (Session.update count 0 ((+) 1)) none registry

let counted (cookie: string) (registry: SessionRegistry) : Task<int option> =
    task {
        let! session = SessionRegistry.load "web" (Some cookie) none registry
        return Session.tryGet count session
    }
