namespace Runa.Session

open System
open System.Data.Common
open System.Diagnostics
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// Runs single statements. Each one opens a connection from the data source and always gives it back.
[<Sealed>]
type internal SqlDatabase
    (
        dataSource: DbDataSource,
        dialect: SqlDialect,
        table: SqlTable,
        statements: SqlStatements,
        busyTimeout: TimeSpan,
        isSynced: bool
    ) =
    let isSqlite = dialect = SqlDialect.Sqlite

    // SQLite allows one writer at a time. Writers of this process wait here without holding a thread; at the file's
    // lock, each would hold a thread while it tries again and again.
    let turn = new SemaphoreSlim 1

    // With busy_timeout, SQLite itself waits for writers of other processes, at first for a millisecond; the provider
    // would try again only every 150 ms. The pragma returns a row of its own. A writer that waits for the disk keeps
    // the file locked meanwhile, so one that never pauses would leave the others, who try only now and then, almost no
    // chance.
    let waiting =
        if isSqlite then
            let synchronous = if isSynced then "FULL" else "NORMAL"
            $"PRAGMA busy_timeout = {int64 busyTimeout.TotalMilliseconds}; PRAGMA synchronous = {synchronous}; "
        else
            ""

    /// Explains the errors that beginners meet first. Other exceptions are passed on as they are.
    let explained (e: DbException) : exn =
        if SqlFault.isMissingTable e then
            InvalidOperationException(
                $"The database has no table {table.Quoted}: set the option EnsureSchema, call SqlDriver.ensureSchema once (in C#: new SqlDriverOptions().EnsureSchemaAsync), or run the SQL that SqlDriver.schema returns (in C#: ToSchema).",
                e
            )
        elif SqlFault.isMissingColumn e && e.Message.Contains SqlStatements.newest then
            InvalidOperationException(
                $"The table {table.Quoted} is of an earlier version of Runa.Session: it lacks the column {SqlStatements.newest}. Add it, which keeps the sessions: ALTER TABLE {table.Quoted} ADD COLUMN {SqlStatements.newest} BIGINT; or drop the table and call SqlDriver.ensureSchema (in C#: new SqlDriverOptions().EnsureSchemaAsync).",
                e
            )
        elif SqlFault.isMissingColumn e then
            InvalidOperationException(
                $"The table {table.Quoted} belongs to something else: it lacks a column of Runa.Session's table. Choose another name by the option Table.",
                e
            )
        else
            e

    let command (connection: DbConnection) (sql: string) (parameters: SqlParameter list) : DbCommand =
        let command = connection.CreateCommand()
        command.CommandText <- sql

        if isSqlite then
            command.CommandTimeout <- max 1 (int (ceil busyTimeout.TotalSeconds))

        SqlParameter.add command parameters
        command

    /// Runs the work, and explains what the database raises.
    let explaining (work: unit -> Task<'T>) : Task<'T> =
        task {
            try
                return! work ()
            with :? DbException as e ->
                return raise (explained e)
        }

    let wait (token: CancellationToken) : Task =
        task {
            try
                do! turn.WaitAsync token
            with e ->
                SqlFault.markEarly e
                ExceptionDispatchInfo.Throw e
        }

    let inTurn (token: CancellationToken) (work: unit -> Task<'T>) : Task<'T> =
        if isSqlite then
            task {
                do! wait token

                try
                    return! work ()
                finally
                    turn.Release() |> ignore
            }
        else
            work ()

    /// All rows of a result.
    let rows (reader: DbDataReader) (read: DbDataReader -> 'T) (token: CancellationToken) : Task<ResizeArray<'T>> =
        task {
            let found = ResizeArray()
            let mutable isRow = true

            while isRow do
                let! next = reader.ReadAsync token
                isRow <- next

                if isRow then
                    found.Add(read reader)

            return found
        }

    let opened (token: CancellationToken) : Task<DbConnection> =
        task {
            try
                return! dataSource.OpenConnectionAsync token
            with e ->
                SqlFault.markEarly e
                ExceptionDispatchInfo.Throw e
                return raise e
        }

    let run sql parameters (limit: TimeSpan voption) (token: CancellationToken) (outcome: DbDataReader -> Task<'T>) =
        task {
            use! connection = opened token
            use command = command connection (waiting + sql) parameters
            limit |> ValueOption.iter (fun limit -> command.CommandTimeout <- int limit.TotalSeconds)
            use! reader = command.ExecuteReaderAsync token

            // Moves from the pragma's row to the statement. ExecuteNonQuery would stop at that row, and
            // Microsoft.Data.Sqlite would run the rest while it disposes the reader, where it drops errors.
            if isSqlite then
                let! _ = reader.NextResultAsync token
                ()

            let! result = outcome reader
            // PostgreSQL commits after the last row. Without this call, Npgsql would drop an error of the commit when
            // it disposes the reader.
            let! _ = reader.NextResultAsync token
            return result
        }

    let writing sql parameters (token: CancellationToken) (outcome: DbDataReader -> Task<'T>) : Task<'T> =
        explaining (fun () -> inTurn token (fun () -> run sql parameters ValueNone token outcome))

    let reading sql parameters (read: DbDataReader -> 'T) (token: CancellationToken) : Task<ResizeArray<'T>> =
        task {
            use! connection = dataSource.OpenConnectionAsync token
            use command = command connection sql parameters
            use! reader = command.ExecuteReaderAsync token
            return! rows reader read token
        }

    // The time limit for a batch of a sweep, whatever the application sets for its own statements. A batch takes about
    // 10 ms unless the database is in trouble.
    let sweepLimit = if isSqlite then ValueNone else ValueSome(TimeSpan.FromSeconds 30.)

    member _.Statements = statements
    member _.Dialect = dialect

    /// The rows of a SELECT. If the connection had been closed, the statement is sent once more on another one.
    member _.Read(sql: string, parameters: SqlParameter list, read: DbDataReader -> 'T, token: CancellationToken) =
        explaining (fun () ->
            task {
                try
                    return! reading sql parameters read token
                with :? DbException as e when SqlFault.isConnectionLost e && not token.IsCancellationRequested ->
                    return! reading sql parameters read token
            })

    /// How many rows a statement changed. The returned rows are counted, since Microsoft.Data.Sqlite's RecordsAffected
    /// also counts the changes of the previous statement on this connection, once for each pragma.
    member _.Write(sql: string, parameters: SqlParameter list, token: CancellationToken) : Task<int> =
        writing (sql + " RETURNING 1") parameters token (fun reader ->
            task {
                let! changed = rows reader ignore token
                return changed.Count
            })

    /// The rows that a DELETE … RETURNING removed.
    member _.Remove(sql: string, parameters: SqlParameter list, read: DbDataReader -> 'T, token: CancellationToken) =
        writing sql parameters token (fun reader -> rows reader read token)

    /// The rows that one batch of a sweep removed, and how long the database took.
    member _.Sweep(sql: string, parameters: SqlParameter list, read: DbDataReader -> 'T, token: CancellationToken) =
        explaining (fun () ->
            inTurn token (fun () ->
                task {
                    let start = Stopwatch.GetTimestamp()
                    let! removed = run sql parameters sweepLimit token (fun reader -> rows reader read token)
                    return struct (removed, Stopwatch.GetElapsedTime start)
                }))

    /// Runs several statements on one connection, for the schema.
    member _.Run(work: DbConnection -> (string -> Task<objnull>) -> Task<unit>, token: CancellationToken) : Task<unit> =
        explaining (fun () ->
            inTurn token (fun () ->
                task {
                    use! connection = dataSource.OpenConnectionAsync token

                    let run (sql: string) : Task<objnull> =
                        task {
                            use command = command connection sql []
                            return! command.ExecuteScalarAsync token
                        }

                    if isSqlite then
                        let! _ = run waiting
                        ()

                    do! work connection run
                }))
