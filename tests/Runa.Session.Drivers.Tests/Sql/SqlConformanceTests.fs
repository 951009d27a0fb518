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

/// How a database is made full, and given room again.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type private Disk =
    {
        /// For each connection that is opened.
        Hook: DbConnection -> unit
        /// True: full. On a data source of the database's, for that table.
        Fill: DbDataSource -> string -> bool -> Task<unit>
    }

module private Disk =
    let private run (connection: DbConnection) (text: string) =
        use command = connection.CreateCommand()
        command.CommandText <- text
        command.ExecuteNonQuery() |> ignore

    /// The file may have no more pages than it has, and those that were free hold something.
    let sqlite () : Disk =
        let pages = ref 0L

        let hook connection =
            let pages = Volatile.Read &pages.contents

            if pages > 0L then
                run connection $"PRAGMA max_page_count = {pages}"

        let fill (source: DbDataSource) (_: string) isFull =
            task {
                if isFull then
                    do! execute source "CREATE TABLE filler (content BLOB)"
                    Volatile.Write(&pages.contents, 1L)
                    let mutable hasRoom = true
                    let mutable inserted = 0

                    while hasRoom do
                        try
                            // Not by a command of the data source's own, whose connection is opened past the hook.
                            use! connection = source.OpenConnectionAsync()
                            run connection "INSERT INTO filler VALUES (zeroblob(3000))"
                            inserted <- inserted + 1
                        with :? DbException ->
                            hasRoom <- false

                        if inserted > 5_000 then
                            failtest "The SQLite file grows past its max_page_count."
                else
                    Volatile.Write(&pages.contents, 1_000_000_000L)
                    do! execute source "DROP TABLE filler"
            }

        { Hook = hook; Fill = fill }

    /// A server with a full disk cannot be had here. This one answers as if its disk were full to everything but deletes.
    let postgres () : Disk =
        let fill (source: DbDataSource) (table: string) isFull =
            if isFull then
                execute
                    source
                    $"CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''No space left on device'' USING ERRCODE = ''53100''; END';
                      CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON \"{table}\" EXECUTE FUNCTION disk_full()"
            else
                execute source $"DROP TRIGGER disk_full ON \"{table}\""

        { Hook = ignore; Fill = fill }

/// Drivers take turns on two data sources, which stand for two processes. All of them see one table, whatever their clocks.
let private underTest (name: string) (make: unit -> SqlUnderTest) (disk: Disk) : DriverUnderTest =
    let prepared =
        lazy
            (task {
                let! sql = withSchema (make ())
                let hooked () : DbDataSource = new HookedDataSource(sql.Open(), disk.Hook)
                return struct (sql, [| hooked (); hooked () |])
            })

    let mutable opened = 0

    let openDriver (clock: TimeProvider) =
        task {
            let! struct (sql, sources) = prepared.Value
            let source = sources[Interlocked.Increment &opened % sources.Length]
            return SqlDriver.createWith { sql.Options with TimeProvider = clock } source
        }

    let on (work: DbDataSource -> string -> Task<'T>) : Task<'T> =
        task {
            let! struct (sql, sources) = prepared.Value
            return! work sources[0] sql.Options.Table
        }

    let where (key: StoreKey) = $"WHERE key = '{StoreKey.toText key}'"

    let rewrite key (change: byte[] -> byte[]) =
        on (fun source table ->
            task {
                let! document = scalar source $"SELECT record FROM \"{table}\" {where key}"
                let changed = Encoding.UTF8.GetString(change (Encoding.UTF8.GetBytes(string document)))
                let literal = changed.Replace("'", "''")
                do! execute source $"UPDATE \"{table}\" SET record = '{literal}' {where key}"
            })

    let drop key = on (fun source table -> execute source $"DELETE FROM \"{table}\" {where key}")

    { DriverUnderTest.create name openDriver with
        Dump = Some(fun () -> on dump)
        Store =
            { OpenBeside = Some(fun _ clock -> openDriver clock)
              Fill = Some(fun _ isFull -> on (fun source table -> disk.Fill source table isFull))
              DropRecord = Some(fun _ key -> drop key)
              DropIndex = None
              Rewrite = Some(fun _ key change -> rewrite key change) } }

[<Tests>]
let sqlite = Conformance.tests (underTest "SQLite" bareSqlite (Disk.sqlite ()))

[<Tests>]
let postgres = Conformance.tests (underTest "PostgreSQL" barePostgres (Disk.postgres ()))
