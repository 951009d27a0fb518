namespace Runa.Session.Conformance

open Expecto

/// The promises of Runa.Session that a driver holds, as tests.
[<RequireQualifiedAccess>]
module Conformance =
    /// The tests of a driver, as a list named after it. A promise from which it is excused is a test that is skipped, by
    /// its name, with the reason.
    let tests (driver: DriverUnderTest) : Test =
        testSequencedGroup
            driver.Name
            (testList
                $"conformance of {driver.Name}"
                [ RecordTests.tests driver
                  LifeTests.tests driver
                  ValueTests.tests driver
                  ConcurrencyTests.tests driver
                  CancellationTests.tests driver
                  DeleteManyTests.tests driver
                  ListingTests.tests driver
                  CountTests.tests driver
                  PingTests.tests driver
                  EndingTests.tests driver
                  EpochAgeTests.tests driver
                  LifeOfSessionsTests.tests driver
                  CountedSessionsTests.tests driver
                  RaceTests.tests driver
                  DeviceTests.tests driver
                  LimitTests.tests driver
                  TheftTests.tests driver
                  BindingTests.tests driver
                  BindingEndTests.tests driver
                  PageTests.tests driver
                  DumpTests.tests driver
                  ClockTests.tests driver
                  FullTests.tests driver
                  LossTests.tests driver
                  UnreadableTests.tests driver
                  LateTombstoneTests.tests driver
                  ManyTests.tests driver
                  ModelTests.tests driver ])
