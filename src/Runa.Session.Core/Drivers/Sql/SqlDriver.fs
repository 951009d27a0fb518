namespace Runa.Session

open System
open System.Data.Common
open System.Threading
open System.Threading.Tasks

/// Options of the driver "sql".
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type SqlDriverOptions =
    {
        /// The name of the table: at most 50 letters, digits and _; case matters. In PostgreSQL a schema and a dot may
        /// precede it.
        Table: string
        /// The SQL dialect. None: the provider, Microsoft.Data.Sqlite or Npgsql, decides. Set it if another provider
        /// wraps one of these.
        Dialect: SqlDialect option
        /// Whether the first use creates the table and its indexes if they are missing, as SqlDriver.ensureSchema does.
        EnsureSchema: bool
        /// The most rows that one statement deletes when many sessions have expired or all sessions of a name are
        /// ended. It deletes fewer if those would take longer than about 15 ms, so that other writers get their turn.
        PurgeBatch: int
        /// How long a write waits while another process writes to the SQLite file. After that the write raises.
        BusyTimeout: TimeSpan
        /// Whether each write to a SQLite file waits for the disk. If false, stored sessions survive the end of the
        /// process, but a loss of power may undo the last writes; it never damages the file. If true, writes are
        /// slower, and a process that writes without a pause can keep others from writing.
        SyncEachWrite: bool
        /// The clock that decides what has expired. The database's clock is used only for the age of revocations.
        TimeProvider: TimeProvider
    }

/// The driver "sql" keeps sessions in a table of SQLite or PostgreSQL, with compare-and-swap. The application owns the
/// data source and sets pooling, prepared statements (Npgsql: `Max Auto Prepare`) and the time limit of commands there.
/// The data source must reach the primary, and its transactions must be READ COMMITTED, which is the default. Every
/// call is one statement. A Replace that finds another version is two, and a read on a connection that had been closed
/// is sent again. An exception of the provider is the inner exception of a SessionStoreException.
[<AbstractClass; Sealed>]
type SqlDriver =
    static member private Check(options: SqlDriverOptions) =
        if options.PurgeBatch < 1 || options.PurgeBatch > 10_000 then
            raise (ArgumentOutOfRangeException("PurgeBatch", options.PurgeBatch, "Must be from 1 to 10,000 rows."))

        if options.BusyTimeout <= TimeSpan.Zero || options.BusyTimeout > TimeSpan.FromMinutes 1. then
            raise (
                ArgumentOutOfRangeException(
                    "BusyTimeout",
                    options.BusyTimeout,
                    "Must be more than 0, at most a minute."
                )
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

    /// The default options: the table runa_sessions, which is not created automatically; at most 1,000 rows for each
    /// purging statement; two seconds for a busy SQLite file, whose writes do not wait for the disk; the system's
    /// clock.
    [<CompiledName "Defaults">]
    static member defaults: SqlDriverOptions =
        { Table = "runa_sessions"
          Dialect = None
          EnsureSchema = false
          PurgeBatch = 1000
          BusyTimeout = TimeSpan.FromSeconds 2.
          SyncEachWrite = false
          TimeProvider = TimeProvider.System }

    /// The SQL that creates the table and its indexes, for applications that run their own migrations. Raises
    /// ArgumentException if the options name no dialect.
    [<CompiledName "Schema">]
    static member schema(options: SqlDriverOptions) : string =
        match options.Dialect with
        | None -> raise (ArgumentException("Dialect = None: set it to the dialect whose SQL you want.", "Dialect"))
        | Some dialect ->
            let statements = SqlStatements.make dialect (SqlTable.parse dialect options.Table)
            statements.Schema |> List.map (fun statement -> statement + ";\n") |> String.concat "\n"

    /// Creates the table and its indexes if they are missing, and sets a SQLite file to WAL. It drops and alters
    /// nothing, and any number of processes may call it at once. Raises InvalidOperationException if the table has that
    /// name but is another one or of an earlier version, and if the SQLite database is not in a file.
    [<CompiledName "EnsureSchema">]
    static member ensureSchema (options: SqlDriverOptions) (dataSource: DbDataSource) : Task =
        SqlDriver.ensureSchemaUntil CancellationToken.None options dataSource

    /// Like ensureSchema. If the token is cancelled, raises OperationCanceledException, and nothing was created.
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

    /// Creates a driver over this data source, with the default options.
    [<CompiledName "Create">]
    static member create(dataSource: DbDataSource) : SessionDriver = SqlDriver.createWith SqlDriver.defaults dataSource

    /// Creates a driver over this data source, without connecting. Raises ArgumentException for an invalid table name,
    /// ArgumentOutOfRangeException for PurgeBatch and BusyTimeout, and NotSupportedException if the options name no
    /// dialect and the provider is not known.
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
        |> SessionDriver.withCount (fun scope token -> after token (fun () -> store.Count(scope, token)))
        |> SessionDriver.withPurge (fun token -> after token (fun () -> sweep.PurgeExpired token))
        |> SessionDriver.withPing (fun token -> schema.AfterThat(token, fun () -> store.Ping token))

    /// Creates a driver over the registered DbDataSource and, if there is one, the registered TimeProvider, for
    /// SessionSetup.driverFrom. Raises SessionConfigurationException if no data source is registered.
    [<CompiledName "FromServices">]
    static member fromServices(services: IServiceProvider) : SessionDriver =
        SqlDriver.fromServicesWith SqlDriver.defaults services

    static member private OverServices
        (options: SqlDriverOptions, services: IServiceProvider, dataSource: objnull, missing: string)
        : SessionDriver =
        match dataSource with
        | :? DbDataSource as dataSource ->
            let clock = RegisteredServices.clock options.TimeProvider services
            SqlDriver.createWith { options with TimeProvider = clock } dataSource
        | _ -> raise (SessionConfigurationException [ missing ])

    /// Like fromServices, with other options. A TimeProvider that the options set is used in place of the registered
    /// one.
    [<CompiledName "FromServicesWith">]
    static member fromServicesWith (options: SqlDriverOptions) (services: IServiceProvider) : SessionDriver =
        SqlDriver.OverServices(
            options,
            services,
            services.GetService typeof<DbDataSource>,
            "no DbDataSource is registered. Call services.AddNpgsqlDataSource(…), or services.AddSingleton<DbDataSource>(SqliteFactory.Instance.CreateDataSource …)."
        )

    /// Like fromServicesWith, over the DbDataSource that is registered as the keyed service of this name.
    [<CompiledName "KeyedWith">]
    static member keyedWith (options: SqlDriverOptions) (name: string) (services: IServiceProvider) : SessionDriver =
        SqlDriver.OverServices(
            options,
            services,
            RegisteredServices.keyed typeof<DbDataSource> name services,
            $"no DbDataSource is registered as the keyed service \"{name}\". Call services.AddKeyedSingleton<DbDataSource>(\"{name}\", …)."
        )
