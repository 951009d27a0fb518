/// Registries with a limit of sessions per owner, on drivers that count, wait or fail.
module Runa.Session.Tests.OwnerLimitSites

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Time.Testing
open Runa.Session

let secret = "0123456789abcdefghijklmnopqrstuvwxyz"

let memory (clock: FakeTimeProvider) : SessionDriver =
    MemoryDriver.create { MemoryDriver.defaults with TimeProvider = clock }

/// The setup of a process on this driver.
let node (clock: FakeTimeProvider) (driver: SessionDriver) (change: SessionSettings -> SessionSettings) =
    SessionSetup.empty
    |> SessionSetup.driver "under test" driver
    |> SessionSetup.session "web" (fun o -> change { o with Driver = "under test" })
    |> SessionSetup.secrets [ secret ]
    |> SessionSetup.application "app"
    |> SessionSetup.timeProvider clock

/// A process on this driver with this limit.
let limited (clock: FakeTimeProvider) (driver: SessionDriver) (most: int) (whenFull: WhenFull) : SessionRegistry =
    node clock driver (fun o -> { o with MaxSessions = Some most; WhenFull = whenFull })
    |> SessionRegistry.create

let update (step: Session -> Session) (cookies: string option) (registry: SessionRegistry) : Task<Committed> =
    SessionRegistry.update "web" cookies step CancellationToken.None registry

let signIn (registry: SessionRegistry) : Task<Committed> = update (Session.signIn "ann") None registry

/// The driver with another list of an owner's records: `change` is given each page that was read.
let listing (change: OwnedPage -> Task<OwnedPage>) (driver: SessionDriver) : SessionDriver =
    let index = driver.Owners.Value

    let list scope owner from token =
        ValueTask<OwnedPage>(
            task {
                let! page = index.List scope owner from token
                return! change page
            }
        )

    driver |> SessionDriver.withOwners { index with List = list }

let isAlive (registry: SessionRegistry) (committed: Committed) : Task<bool> =
    task {
        let! session = SessionRegistry.load "web" committed.CookieHeader CancellationToken.None registry
        return Session.owner session = Some "ann"
    }

let count (registry: SessionRegistry) : Task<int> =
    task {
        let! owned = SessionRegistry.forOwner "web" "ann" CancellationToken.None registry
        return owned.Length
    }

let second = TimeSpan.FromSeconds 1.
