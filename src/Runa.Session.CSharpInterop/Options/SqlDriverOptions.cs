using System.ComponentModel;
using System.Data.Common;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>Options of a driver that keeps sessions in a database.</summary>
public sealed class SqlDriverOptions
{
    /// <summary>
    /// The name of the table: at most 50 letters, digits and _; case matters. In PostgreSQL a schema and a dot may
    /// precede it. Default: "runa_sessions".
    /// </summary>
    public string Table { get; set; } = SqlDriver.Defaults.Table;

    /// <summary>
    /// The SQL dialect. Default: null; the provider, Microsoft.Data.Sqlite or Npgsql, decides. Set it if another
    /// provider wraps one of these.
    /// </summary>
    public SqlDialect? Dialect { get; set; }

    /// <summary>Whether the first use creates the table and its indexes if they are missing. Default: false.</summary>
    public bool EnsureSchema { get; set; }

    /// <summary>
    /// The most rows that one statement deletes when many sessions have expired or all sessions of a name are ended:
    /// from 1 to 10,000. Default: 1,000.
    /// </summary>
    public int PurgeBatch { get; set; } = SqlDriver.Defaults.PurgeBatch;

    /// <summary>
    /// How long a write waits while another process writes to the SQLite file. After that the write fails. More than
    /// zero, at most a minute. Default: 2 seconds.
    /// </summary>
    public TimeSpan BusyTimeout { get; set; } = SqlDriver.Defaults.BusyTimeout;

    /// <summary>
    /// Whether each write to a SQLite file waits for the disk. Default: false; stored sessions survive the end of the
    /// process, but a loss of power may undo the last writes. It never damages the file.
    /// </summary>
    public bool SyncEachWrite { get; set; }

    /// <summary>
    /// The key of the service, if the <see cref="DbDataSource"/> is registered as a keyed service. Default: null; it is
    /// registered without a key.
    /// </summary>
    public string? ServiceKey { get; set; }

    /// <summary>The SQL that creates the table and its indexes, for migrations of your own.</summary>
    /// <exception cref="InvalidOperationException">
    /// <see cref="Dialect"/> is null: set the one whose SQL you want.
    /// </exception>
    /// <exception cref="ArgumentException"><see cref="Table"/> is not a valid name.</exception>
    public string ToSchema() =>
        Dialect is null
            ? throw new InvalidOperationException($"{nameof(Dialect)} is null: set it to the dialect whose SQL you want.")
            : SqlDriver.Schema(ToOptions());

    /// <summary>
    /// Creates the table and its indexes if they are missing, and sets a SQLite file to WAL. It never drops or alters
    /// anything. Any number of processes may call it at once.
    /// </summary>
    /// <param name="dataSource">The database.</param>
    /// <param name="cancellationToken">Ends the call, and nothing is created. SQLite does not notice it midway.</param>
    /// <exception cref="ArgumentNullException">The database is null.</exception>
    /// <exception cref="ArgumentException"><see cref="Table"/> is not a valid name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Another option is out of its range.</exception>
    /// <exception cref="NotSupportedException"><see cref="Dialect"/> is null, and the provider is not known.</exception>
    /// <exception cref="InvalidOperationException">Another table has that name, or SQLite is not in a file.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="DbException">The database refused.</exception>
    public Task EnsureSchemaAsync(DbDataSource dataSource, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dataSource);

        using (WithoutContext.Enter())
        {
            return SqlDriver.EnsureSchemaUntil(cancellationToken, ToOptions(), dataSource);
        }
    }

    internal SessionDriver Create(IServiceProvider services) =>
        ServiceKey is null
            ? SqlDriver.FromServicesWith(ToOptions(), services)
            : SqlDriver.KeyedWith(ToOptions(), ServiceKey, services);

    private Session.SqlDriverOptions ToOptions() => new(
        Table ?? string.Empty,
        ToDialect(),
        EnsureSchema,
        PurgeBatch,
        BusyTimeout,
        SyncEachWrite,
        TimeProvider.System);

    private FSharpOption<Session.SqlDialect>? ToDialect() => Dialect switch
    {
        null => FSharpOption<Session.SqlDialect>.None,
        SqlDialect.Sqlite => FSharpOption<Session.SqlDialect>.Some(Session.SqlDialect.Sqlite),
        SqlDialect.PostgreSql => FSharpOption<Session.SqlDialect>.Some(Session.SqlDialect.PostgreSql),
        _ => throw new InvalidEnumArgumentException(nameof(Dialect), (int)Dialect, typeof(SqlDialect)),
    };
}
