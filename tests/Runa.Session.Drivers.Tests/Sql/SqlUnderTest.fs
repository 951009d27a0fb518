namespace Runa.Session.Tests

open System
open System.Data.Common
open System.IO
open System.Security.Cryptography
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Data.Sqlite
open Microsoft.Extensions.Time.Testing
open Npgsql
open Runa.Session

/// A database with a table of its own, empty.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type SqlUnderTest =
    {
        Options: SqlDriverOptions
        Clock: FakeTimeProvider
        /// A data source as another process would have: with connections of its own.
        Open: unit -> DbDataSource
    }

    member sql.Driver() = SqlDriver.createWith sql.Options (sql.Open())

/// Where the tests of the SQL driver run.
module internal SqlUnderTest =
    let now = DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)

    let private folder =
        lazy
            (let folder = Directory.CreateTempSubdirectory("runa-sqlite-").FullName

             AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
                 SqliteConnection.ClearAllPools()
                 Directory.Delete(folder, true))

             folder)

    let private fresh prefix = prefix + Guid.NewGuid().ToString("N")

    /// A path for a database.
    let newFile () = Path.Combine(folder.Value, fresh "" + ".db")

    /// Two of different text have pools of their own.
    let sqliteFile (path: string) (more: string) : DbDataSource =
        SqliteFactory.Instance.CreateDataSource $"Data Source={path};{more}"

    /// On a shared server or in a fresh file; no schema yet.
    let private bare dialect openSource : SqlUnderTest =
        let clock = FakeTimeProvider now

        { Options = { SqlDriver.defaults with Table = fresh "t_"; Dialect = Some dialect; TimeProvider = clock }
          Clock = clock
          Open = openSource }

    let bareSqlite () : SqlUnderTest =
        let path = newFile ()
        let mutable opened = 0

        bare SqlDialect.Sqlite (fun () ->
            // Another time limit is another text, and so another pool.
            sqliteFile path $"Default Timeout={30 + Interlocked.Increment &opened}")

    let barePostgres () : SqlUnderTest =
        let server = SharedPostgres.get ()
        bare SqlDialect.PostgreSql (fun () -> NpgsqlDataSource.Create(server.ConnectionString "tests"))

    let withSchema (sql: SqlUnderTest) : Task<SqlUnderTest> =
        task {
            use source = sql.Open()
            do! SqlDriver.ensureSchema sql.Options source
            return sql
        }

    /// One test for each database; the schema is there.
    let onBoth (name: string) (run: SqlUnderTest -> Task<unit>) : Test =
        let on database (make: unit -> SqlUnderTest) =
            testTask database {
                let! sql = withSchema (make ())
                do! run sql
            }

        testList name [ on "SQLite" bareSqlite; on "PostgreSQL" barePostgres ]

    let none = CancellationToken.None

    /// By so much later than its end a record is deleted: it has ended by the clocks of all nodes then.
    let margin = SessionDriver.clockTolerance
    let newKey () = StoreKey.ofBytes (ReadOnlySpan(RandomNumberGenerator.GetBytes 16))

    let version (number: int64) = RecordVersion.RecordVersion number

    /// An hour of life, no idle end, nobody's.
    let record (number: int64) : SessionRecord =
        { Version = version number
          Scope = "shop/web"
          State = SessionState.fresh now (TimeSpan.FromHours 1.)
          IdleExpiresAt = ValueNone
          Kind = RecordKind.Live }

    let ownedBy (owner: string) (record: SessionRecord) : SessionRecord =
        { record with State = { record.State with Owner = Some owner } }

    let idleUntil (minutes: float) (record: SessionRecord) : SessionRecord =
        { record with IdleExpiresAt = ValueSome(now.AddMinutes minutes) }

    let createMany (driver: SessionDriver) count (record: int64 -> SessionRecord) : Task<StoreKey list> =
        task {
            let keys = [ for _ in 1..count -> newKey () ]

            for i, key in List.indexed keys do
                let! isCreated = driver.Create key (record (int64 i)) none
                Expect.isTrue isCreated "created"

            return keys
        }

    /// The one value of the first row.
    let scalar (source: DbDataSource) (text: string) : Task<objnull> =
        task {
            use command = source.CreateCommand text
            return! command.ExecuteScalarAsync()
        }

    let execute (source: DbDataSource) (text: string) : Task<unit> =
        task {
            let! _ = scalar source text
            return ()
        }

    /// How many rows are in the table.
    let rows (sql: SqlUnderTest) : Task<int> =
        task {
            use source = sql.Open()
            let! count = scalar source $"SELECT COUNT(*) FROM \"{sql.Options.Table}\""
            return Convert.ToInt32 count
        }

    /// What the work raises.
    let failure (work: unit -> Task) : Task<exn> =
        task {
            try
                do! work ()
                return failtest "it raised nothing"
            with
            | :? AssertException as e -> return raise e
            | e -> return e
        }
