module Runa.Session.Tests.SqlConformanceTests

open System
open System.Data.Common
open System.Text
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance
open Runa.Session.Tests.SqlUnderTest

/// Everything in the table, as `sqlite3` and `psql` would print it.
let dump (source: DbDataSource) (table: string) : Task<byte[]> =
    task {
        use command = source.CreateCommand $"SELECT * FROM \"{table}\""
        use! reader = command.ExecuteReaderAsync()
        let text = StringBuilder()

        while reader.Read() do
            for column in 0 .. reader.FieldCount - 1 do
                text.Append(reader.GetValue column).Append('|') |> ignore

            text.Append '\n' |> ignore

        return Encoding.UTF8.GetBytes(text.ToString())
    }

/// Drivers take turns on two data sources, which stand for two processes.
let private underTest (name: string) (make: unit -> SqlUnderTest) : DriverUnderTest =
    let prepared =
        lazy
            (task {
                let! sql = withSchema (make ())
                return struct (sql, [| sql.Open(); sql.Open() |])
            })

    let mutable opened = 0

    let openDriver (clock: TimeProvider) =
        task {
            let! struct (sql, sources) = prepared.Value
            let source = sources[Interlocked.Increment &opened % sources.Length]
            return SqlDriver.createWith { sql.Options with TimeProvider = clock } source
        }

    let dumpAll () =
        task {
            let! struct (sql, sources) = prepared.Value
            return! dump sources[0] sql.Options.Table
        }

    { DriverUnderTest.create name openDriver with Dump = Some dumpAll }

[<Tests>]
let sqlite = Conformance.tests (underTest "SQLite" bareSqlite)

[<Tests>]
let postgres = Conformance.tests (underTest "PostgreSQL" barePostgres)
