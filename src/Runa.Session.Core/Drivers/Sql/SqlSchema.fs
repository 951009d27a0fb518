namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// Creates the table and its indexes if they are missing. Drops and alters nothing.
module internal SqlSchema =
    // Allows one creator at a time: two at once would fail in PostgreSQL, in spite of IF NOT EXISTS. The lock ends with
    // the transaction, so a creator that dies does not leave it behind.
    let private lockPostgreSql = "SELECT pg_advisory_xact_lock(hashtextextended('Runa.Session: schema', 0))"

    /// Turns on WAL, so that readers and the writer do not wait for each other. The file remembers it.
    let private useWal (run: string -> Task<objnull>) : Task<unit> =
        task {
            let! answer = run "PRAGMA journal_mode = WAL"
            let mode = string answer

            if mode <> "wal" then
                raise (
                    InvalidOperationException
                        $"SQLite keeps this database in the journal mode \"{mode}\", but the driver needs \"wal\": use a database in a file, on a local disk."
                )
        }

    let ensure (database: SqlDatabase) (token: CancellationToken) : Task<unit> =
        database.Run(
            (fun connection run ->
                task {
                    match database.Dialect with
                    | SqlDialect.Sqlite -> do! useWal run
                    | SqlDialect.PostgreSql -> ()

                    use! transaction = connection.BeginTransactionAsync token

                    if database.Dialect = SqlDialect.PostgreSql then
                        let! _ = run lockPostgreSql
                        ()

                    for statement in database.Statements.Schema do
                        let! _ = run statement
                        ()

                    // If the table belongs to something else, it lacks our columns.
                    let! _ = run database.Statements.Probe
                    do! transaction.CommitAsync token
                }),
            token
        )
