namespace Runa.Session.Conformance

open System
open System.Threading.Tasks
open Runa.Session

/// What the suite does to the store itself, behind the driver's back. Each is called with the clock that the drivers open on
/// the store were opened with. What is None is not tested: those tests are skipped, by name.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type StoreUnderTest =
    {
        /// Opens one more driver on the store that drivers of the first clock see, itself with the second clock: a node whose
        /// clock differs (promise 28). Where drivers opened with different clocks see one store anyhow, this is
        /// `Some(fun _ clock -> open clock)`.
        OpenBeside: (TimeProvider -> TimeProvider -> Task<SessionDriver>) option
        /// True: the store is full, and refuses what needs room, or everything that writes but deletes. False: it has room
        /// again. Not for stores that make room by evicting.
        Fill: (TimeProvider -> bool -> Task<unit>) option
        /// Removes the record under this key and leaves all else, as a store that evicts, or one that removes by itself what
        /// has ended, may do.
        DropRecord: (TimeProvider -> StoreKey -> Task<unit>) option
        /// Removes the index of this owner (scope, owner) and leaves the records, as a store that evicts may do. Not for
        /// stores where the one cannot go without the other, as an index of a SQL table.
        DropIndex: (TimeProvider -> string -> string -> Task<unit>) option
        /// Changes the stored document under this key by a function and leaves all else that is stored with it, such as ends
        /// in columns of their own: the suite cuts it off, or gives it the number of a format that is not known yet. What was
        /// UTF-8 stays UTF-8.
        Rewrite: (TimeProvider -> StoreKey -> (byte[] -> byte[]) -> Task<unit>) option
    }

/// What the suite does to stores.
[<RequireQualifiedAccess>]
module StoreUnderTest =
    /// Nothing.
    let untouched: StoreUnderTest =
        { OpenBeside = None; Fill = None; DropRecord = None; DropIndex = None; Rewrite = None }

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
        /// What the suite can do to the store itself. Default: nothing, and the tests of that are skipped.
        Store: StoreUnderTest
        /// How many sessions an owner of many has. Default: 20,000.
        OwnedMany: int
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
          Store = StoreUnderTest.untouched
          OwnedMany = 20_000
          Interleavings = 2_000
          Writers = 1_000
          Seed = None }
