/// Whether a store said that it did nothing, or whether nobody knows.
module internal Runa.Session.Tests.SqlRefusals

open System
open System.Data.Common
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Npgsql
open Runa.Session
open Runa.Session.Tests.SqlUnderTest
open Runa.Session.Tests.SqlRegistry

let isRefused (driver: SessionDriver) (what: string) (work: unit -> Task) =
    task {
        let! e = failure work
        Expect.isTrue (driver.IsRefusal e) $"{what}: {e}"
    }

let isUnknown (driver: SessionDriver) (what: string) (work: unit -> Task) =
    task {
        let! e = failure work
        Expect.isFalse (driver.IsRefusal e) $"{what}: {e}"
    }

let creates (driver: SessionDriver) () : Task = (driver.Create (newKey ()) (record 1L) none).AsTask()

let fat: SessionRecord =
    { record 1L with
        State = { (record 1L).State with Values = Map [ "fat", "\"" + String('x', 100_000) + "\"" ] } }
