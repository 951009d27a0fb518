namespace Runa.Session

open System
open System.Data.Common

/// Which SQL the database speaks.
[<RequireQualifiedAccess>]
type SqlDialect =
    /// SQLite 3.35 or later, in a file.
    | Sqlite
    /// PostgreSQL 12 or later.
    | PostgreSql

module internal SqlDialect =
    /// By the type of the provider's connections: Microsoft.Data.Sqlite, System.Data.SQLite, Npgsql. None for any other.
    let ofProvider (provider: string) : SqlDialect option =
        let speaks (name: string) = provider.Contains(name, StringComparison.OrdinalIgnoreCase)

        if speaks "sqlite" then Some SqlDialect.Sqlite
        elif speaks "npgsql" then Some SqlDialect.PostgreSql
        else None

    /// Opens nothing: a connection is made only to see whose it is. Raises NotSupportedException for other providers.
    let detect (dataSource: DbDataSource) : SqlDialect =
        use connection = dataSource.CreateConnection()
        let provider = string (connection.GetType())

        match ofProvider provider with
        | Some dialect -> dialect
        | None ->
            raise (
                NotSupportedException
                    $"The provider {provider} is neither of SQLite nor of PostgreSQL: set the option Dialect to SqlDialect.Sqlite or SqlDialect.PostgreSql if its connections speak one of them."
            )
