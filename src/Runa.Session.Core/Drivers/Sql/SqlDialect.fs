namespace Runa.Session

open System
open System.Data.Common

/// The SQL dialect of the database.
[<RequireQualifiedAccess>]
type SqlDialect =
    /// SQLite 3.35 or later, in a file.
    | Sqlite
    /// PostgreSQL 12 or later.
    | PostgreSql

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | SqlDialect.Sqlite -> "Sqlite"
        | SqlDialect.PostgreSql -> "PostgreSql"

module internal SqlDialect =
    /// The dialect for the type of the provider's connections: Microsoft.Data.Sqlite, System.Data.SQLite, Npgsql. None:
    /// the provider is not known.
    let ofProvider (provider: string) : SqlDialect option =
        let speaks (name: string) = provider.Contains(name, StringComparison.OrdinalIgnoreCase)

        if speaks "sqlite" then Some SqlDialect.Sqlite
        elif speaks "npgsql" then Some SqlDialect.PostgreSql
        else None

    /// The dialect of the data source's provider. Creates a connection to see its type, but does not open it. Raises
    /// NotSupportedException for other providers.
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
