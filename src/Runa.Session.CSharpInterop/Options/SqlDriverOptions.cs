using System.ComponentModel;
using System.Data.Common;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>How a driver keeps sessions in a database.</summary>
public sealed class SqlDriverOptions
{
    /// <summary>
    /// Letters, digits and _, at most 50, upper and lower case told apart; in PostgreSQL a schema and a dot may stand before
    /// it. Default: "runa_sessions".
    /// </summary>
    public string Table { get; set; } = SqlDriver.Defaults.Table;

    /// <summary>
    /// Default: null, as the provider's name says, Microsoft.Data.Sqlite or Npgsql. To be set where another provider wraps
    /// them.
    /// </summary>
    public SqlDialect? Dialect { get; set; }

    /// <summary>Whether the first use creates the table and its indexes where they are not there. Default: false.</summary>
    public bool EnsureSchema { get; set; }

    /// <summary>
    /// How many rows one statement deletes at most, when many have expired or all sessions are ended: 1 to 10,000.
    /// Default: 1,000.
    /// </summary>
    public int PurgeBatch { get; set; } = SqlDriver.Defaults.PurgeBatch;

    /// <summary>
    /// How long a write waits for another process that is writing to the SQLite file; after it, the write fails. More than
    /// zero, at most a minute. Default: 2 seconds.
    /// </summary>
    public TimeSpan BusyTimeout { get; set; } = SqlDriver.Defaults.BusyTimeout;

    /// <summary>
    /// Whether a write to a SQLite file waits for the disk. Default: false: what was stored survives the end of the process;
    /// the machine losing power may take back the last writes, and never damages the file.
    /// </summary>
    public bool SyncEachWrite { get; set; }

    /// <summary>
    /// The SQL that creates the table and its indexes, for those who run migrations themselves.
    /// </summary>
    /// <exception cref="InvalidOperationException"><see cref="Dialect"/> is null: set it to the one whose SQL is wanted.</exception>
    /// <exception cref="ArgumentException"><see cref="Table"/> is no name.</exception>
    public string ToSchema() =>
        Dialect is null
            ? throw new InvalidOperationException($"{nameof(Dialect)} is null: set it to the one whose SQL is wanted.")
            : SqlDriver.Schema(ToOptions());

    /// <summary>
    /// Creates the table and its indexes where they are not there, and sets a SQLite file to WAL. It drops and alters
    /// nothing, and any number of processes may call it at once.
    /// </summary>
    /// <param name="dataSource">The database.</param>
    /// <param name="cancellationToken">Ends it, and nothing is created; SQLite does not hear of it midway.</param>
    /// <exception cref="ArgumentNullException">The database is null.</exception>
    /// <exception cref="ArgumentException"><see cref="Table"/> is no name.</exception>
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

    internal SessionDriver Create(IServiceProvider services) => SqlDriver.FromServicesWith(ToOptions(), services);

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
