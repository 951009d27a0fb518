namespace Runa;

/// <summary>The SQL dialect of a database.</summary>
public enum SqlDialect
{
    /// <summary>SQLite 3.35 or later, in a file.</summary>
    Sqlite = 0,

    /// <summary>PostgreSQL 12 or later.</summary>
    PostgreSql = 1,
}
