namespace Runa.Session.TestSupport

open System
open Microsoft.Extensions.Time.Testing
open Runa.Session

/// What tests set up sessions with: a clock, a secret, a driver.
[<AutoOpen>]
module Setups =

    /// The clock of a test: it stands still until the test moves it.
    let clock () = FakeTimeProvider(DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero))

    /// The memory driver, on that clock.
    let memory (clock: TimeProvider) : SessionDriver = MemoryDriver.create clock

    /// Long and varied enough for the checks at startup.
    let secret = "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T"

    /// A setup with that secret, clock and driver, the latter under the name "memory", which is the default.
    let setup (clock: TimeProvider) (driver: SessionDriver) : SessionSetup =
        SessionSetup.empty
        |> SessionSetup.secrets [ secret ]
        |> SessionSetup.application "tests"
        |> SessionSetup.timeProvider clock
        |> SessionSetup.driver "memory" driver

    /// A registry of such a setup.
    let registry (clock: TimeProvider) (driver: SessionDriver) : SessionRegistry =
        SessionRegistry.create (setup clock driver)
