namespace Runa.Session

open System
open System.Data.Common
open System.Threading
open System.Threading.Tasks

/// How sessions are kept in a database.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type SqlDriverOptions =
    {
        /// The table: letters, digits and _, at most 50, upper and lower case told apart; in PostgreSQL a schema and a dot
        /// may stand before it.
        Table: string
        /// None: as the provider's name says, Microsoft.Data.Sqlite or Npgsql. To be set where another provider wraps them.
        Dialect: SqlDialect option
        /// Whether the first use creates the table and its indexes where they are not there, as SqlDriver.ensureSchema does.
        EnsureSchema: bool
        /// How many rows one statement deletes at most, when many have expired or a whole scope is ended. It takes fewer
        /// where those would take longer than some 15 ms, so that other writers get their turn.
        PurgeBatch: int
        /// How long a write waits for another process that is writing to the SQLite file; after it, the write raises.
        BusyTimeout: TimeSpan
        /// Whether a write to a SQLite file waits for the disk. Without it, what was stored survives the end of the
        /// process; the machine losing power may take back the last writes, and never damages the file. With it, writes
        /// are slower by what the disk takes, and a process that writes without a pause can keep others from writing.
        SyncEachWrite: bool
        /// The clock that says what has expired. That of the database only says how long ago a revocation was.
        TimeProvider: TimeProvider
    }

/// Sessions in a table of SQLite or PostgreSQL, with compare-and-swap. The data source stays the application's: pooling,
/// prepared statements (Npgsql: `Max Auto Prepare`) and the time limit of a command are set there; it must reach the
/// primary, and its transactions must be READ COMMITTED, as by default. Every call is one statement; a Replace that finds
/// another version is two, and a read is sent again where its connection had been closed. What the provider raises reaches the application as the cause of a SessionStoreException.
[<AbstractClass; Sealed>]
type SqlDriver =
    static member private Check(options: SqlDriverOptions) =
        if options.PurgeBatch < 1 || options.PurgeBatch > 10_000 then
            raise (ArgumentOutOfRangeException("PurgeBatch", options.PurgeBatch, "From 1 to 10,000 rows."))

        if options.BusyTimeout <= TimeSpan.Zero || options.BusyTimeout > TimeSpan.FromMinutes 1. then
            raise (
                ArgumentOutOfRangeException("BusyTimeout", options.BusyTimeout, "More than nothing, at most a minute.")
            )

    static member private Open(options: SqlDriverOptions, dataSource: DbDataSource) =
        SqlDriver.Check options
        let dialect = options.Dialect |> Option.defaultWith (fun () -> SqlDialect.detect dataSource)
        let table = SqlTable.parse dialect options.Table
        SqlDatabase(
            dataSource,
            dialect,
            table,
            SqlStatements.make dialect table,
            options.BusyTimeout,
            options.SyncEachWrite
        )

    /// The table runa_sessions, not created by itself; 1,000 rows a purging statement; two seconds for a busy SQLite file, its
    /// writes not waiting for the disk; the system's clock.
    [<CompiledName "Defaults">]
    static member defaults: SqlDriverOptions =
        { Table = "runa_sessions"
          Dialect = None
          EnsureSchema = false
          PurgeBatch = 1000
          BusyTimeout = TimeSpan.FromSeconds 2.
          SyncEachWrite = false
          TimeProvider = TimeProvider.System }

    /// What creates the table and its indexes, for those who run migrations themselves. Raises ArgumentException where the
    /// options name no dialect.
    [<CompiledName "Schema">]
    static member schema(options: SqlDriverOptions) : string =
        match options.Dialect with
        | None -> raise (ArgumentException("Dialect = None: set it to the one whose SQL is wanted.", "Dialect"))
        | Some dialect ->
            let statements = SqlStatements.make dialect (SqlTable.parse dialect options.Table)
            statements.Schema |> List.map (fun statement -> statement + ";\n") |> String.concat "\n"

    /// Creates the table and its indexes where they are not there, and sets a SQLite file to WAL. It drops and alters
    /// nothing, and any number of processes may call it at once. Raises InvalidOperationException where another table has
    /// that name, or one of an earlier version, and where SQLite is not in a file.
    [<CompiledName "EnsureSchema">]
    static member ensureSchema (options: SqlDriverOptions) (dataSource: DbDataSource) : Task =
        SqlDriver.ensureSchemaUntil CancellationToken.None options dataSource

    /// The same, until the token is cancelled: OperationCanceledException, and nothing was created.
    [<CompiledName "EnsureSchemaUntil">]
    static member ensureSchemaUntil
        (token: CancellationToken)
        (options: SqlDriverOptions)
        (dataSource: DbDataSource)
        : Task =
        task {
            token.ThrowIfCancellationRequested()
            do! SqlSchema.ensure (SqlDriver.Open(options, dataSource)) token
        }

    /// With the default options.
    [<CompiledName "Create">]
    static member create(dataSource: DbDataSource) : SessionDriver = SqlDriver.createWith SqlDriver.defaults dataSource

    /// Raises ArgumentException for a table that is no name, ArgumentOutOfRangeException for PurgeBatch and BusyTimeout,
    /// NotSupportedException for a provider that is not known where the options name no dialect. Connects to nothing.
    [<CompiledName "CreateWith">]
    static member createWith (options: SqlDriverOptions) (dataSource: DbDataSource) : SessionDriver =
        let database = SqlDriver.Open(options, dataSource)
        let store = SqlStore(database, options.TimeProvider)
        let epochs = SqlEpochs(database, options.TimeProvider)
        let sweep = SqlSweep(database, epochs, options.TimeProvider, options.PurgeBatch)
        let schema = SqlStartup(options.EnsureSchema, SqlSchema.ensure database)
        let after (token: CancellationToken) (work: unit -> Task<'T>) = schema.After(token, work)

        let owners: OwnerIndex =
            { List = fun scope owner from token -> after token (fun () -> store.List(scope, owner, from, 100, token))
              Epoch = fun scope owner token -> after token (fun () -> epochs.Epoch(scope, owner, token))
              Advance = fun scope owner token -> schema.AfterThat(token, fun () -> epochs.Advance(scope, owner, token))
              DeleteAll = fun scope token -> after token (fun () -> sweep.DeleteAll(scope, token)) }

        SessionDriver.create
            "sql"
            (fun key token -> after token (fun () -> store.Load(key, token)))
            (fun key record token -> after token (fun () -> store.Create(key, record, token)))
            (fun key version record token -> after token (fun () -> store.Replace(key, version, record, token)))
            (fun key idleExpiresAt token -> after token (fun () -> store.Touch(key, idleExpiresAt, token)))
            (fun key token -> after token (fun () -> store.Delete(key, token)))
        |> SessionDriver.withDeleteMany (fun keys token -> after token (fun () -> store.DeleteMany(keys, token)))
        |> SessionDriver.withRefusals SqlFault.isRefusal
        |> SessionDriver.withOwners owners
        |> SessionDriver.withPurge (fun token -> after token (fun () -> sweep.PurgeExpired token))
        |> SessionDriver.withPing (fun token -> schema.AfterThat(token, fun () -> store.Ping token))

    /// Over the DbDataSource that is registered as a service, for SessionSetup.driverFrom; with the TimeProvider that is
    /// registered, if one is. Raises SessionConfigurationException where no data source is registered.
    [<CompiledName "FromServices">]
    static member fromServices(services: IServiceProvider) : SessionDriver =
        SqlDriver.fromServicesWith SqlDriver.defaults services

    /// The same with other options.
    [<CompiledName "FromServicesWith">]
    static member fromServicesWith (options: SqlDriverOptions) (services: IServiceProvider) : SessionDriver =
        match services.GetService typeof<DbDataSource> with
        | :? DbDataSource as dataSource ->
            let clock =
                match services.GetService typeof<TimeProvider> with
                | :? TimeProvider as clock when obj.ReferenceEquals(options.TimeProvider, TimeProvider.System) -> clock
                | _ -> options.TimeProvider

            SqlDriver.createWith { options with TimeProvider = clock } dataSource
        | _ ->
            raise (
                SessionConfigurationException
                    [ "no DbDataSource is registered. Call services.AddNpgsqlDataSource(…), or services.AddSingleton<DbDataSource>(SqliteFactory.Instance.CreateDataSource …)." ]
            )
