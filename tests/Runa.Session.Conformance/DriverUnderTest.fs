namespace Runa.Session.Conformance

open System
open System.Threading.Tasks
open Runa.Session

/// A driver that is put through the suite. What it guarantees is read from the driver itself (`Guarantee`, `Owners`, `InCookie`);
/// here stands what the driver does not say.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type DriverUnderTest =
    {
        /// The name of its list of tests: "postgresql".
        Name: string
        /// Opens the driver with this clock. The suite disposes each driver that it opened, through its Dispose. Drivers
        /// opened with one and the same clock see one store: they stand for several processes. Whether drivers opened
        /// with different clocks do is up to the store; tests of one driver under test never run at the same time. Where
        /// the store is not there, call `skiptest` with the reason: the tests then count as skipped.
        Open: TimeProvider -> Task<SessionDriver>
        /// With Guarantee LastWriteWins: writes through one opened driver are compared and swapped all the same, and only
        /// those of two processes can be lost. Default: false.
        SwapsWithinOneDriver: bool
        /// Expired records are left to the store, which removes them by its own clock, if at all: PurgeExpired may answer
        /// 0. Default: false.
        ExpiresByItself: bool
        /// Everything that the store holds, as bytes, of all keys: "a dump". It is searched for tokens, ids and sealed
        /// values. Default: None, the tests of it are skipped.
        Dump: (unit -> Task<byte[]>) option
        /// How many interleavings the model test runs. Default: 2,000.
        Interleavings: int
        /// How many writers the tests of concurrency start. Default: 1,000.
        Writers: int
        /// The seed that a failure of the model test printed, to run the same interleaving again. Default: None.
        Seed: (uint64 * uint64) option
    }

/// Makes drivers under test.
[<RequireQualifiedAccess>]
module DriverUnderTest =
    /// With the defaults.
    let create (name: string) (openDriver: TimeProvider -> Task<SessionDriver>) : DriverUnderTest =
        { Name = name
          Open = openDriver
          SwapsWithinOneDriver = false
          ExpiresByItself = false
          Dump = None
          Interleavings = 2_000
          Writers = 1_000
          Seed = None }
