namespace Runa.Session

open System
open System.Data.Common
open System.Runtime.CompilerServices
open System.Text.RegularExpressions

/// A failure after a part of the work was done. It never counts as a refusal, whatever its cause is.
[<Sealed>]
type internal SqlPartlyDone(message: string, cause: exn) =
    inherit Exception(message, cause)

/// Interprets exceptions of a provider without a reference to it: by the SQLSTATE, which Npgsql gives, and by SQLite's
/// result code, which is in the message of Microsoft.Data.Sqlite and in the ErrorCode of System.Data.SQLite.
module internal SqlFault =
    // Exceptions that were raised before a statement was sent to the database.
    let private early = ConditionalWeakTable<exn, obj>()

    /// Records that nothing had been sent to the database when this was raised.
    let markEarly (e: exn) : unit = early.AddOrUpdate(e, obj ())

    let private native = Regex(@"^SQLite Error (\d+):", RegexOptions.CultureInvariant)

    /// SQLite's primary result code, or 0 if there is none.
    let private sqliteCode (e: DbException) : int =
        let found = native.Match e.Message

        if found.Success then int found.Groups[1].Value &&& 0xFF
        elif e.ErrorCode > 0 && e.ErrorCode < 0x10000 then e.ErrorCode &&& 0xFF
        else 0

    /// Whether a statement with this result code has changed nothing. Each statement of the driver is a transaction of
    /// its own.
    let private isRefusedBySqlite (code: int) =
        match code with
        | 1 // ERROR: no such table or column
        | 3 // PERM
        | 5 // BUSY
        | 6 // LOCKED
        | 8 // READONLY
        | 11 // CORRUPT
        | 13 // FULL
        | 14 // CANTOPEN
        | 18 // TOOBIG
        | 19 // CONSTRAINT
        | 20 // MISMATCH
        | 23 // AUTH
        | 26 -> true // NOTADB
        // For example IOERR: it is unknown what had reached the disk.
        | _ -> false

    /// Whether PostgreSQL has rolled back a statement with this SQLSTATE. Errors of the connection (08, 57P01, 57P02)
    /// or of the server (58, XX), and an unknown outcome (40003), may come after the commit.
    let private isRefusedByPostgreSql (state: string) =
        match state with
        | "40003" -> false
        // The statement was canceled before its commit; a cancel during the commit is only a warning.
        | "57014"
        // The server starts or stops, and has taken no statement.
        | "57P03" -> true
        | _ ->
            match state.Substring(0, 2) with
            | "0A" // not supported
            | "21"
            | "22" // a value
            | "23" // a constraint
            | "25" // read-only transaction
            | "28" // who one is
            | "3D" // no such database
            | "3F" // no such schema
            | "40" // serialization, deadlock
            | "42" // no such table or column, no right to it
            | "53" // disk full, no memory, too many connections
            | "54" // a limit
            | "55" -> true // locked
            | _ -> false

    let private isRefusedByDatabase (e: DbException) =
        match e.SqlState with
        | null -> isRefusedBySqlite (sqliteCode e)
        | state when state.Length = 5 -> isRefusedByPostgreSql state
        | _ -> false

    /// Whether certainly nothing was written. The database's own answer may be an inner exception.
    let rec isRefusal (e: exn) : bool =
        fst (early.TryGetValue e)
        || (match e with
            | :? SqlPartlyDone -> false
            | :? DbException as e when isRefusedByDatabase e -> true
            | e ->
                match e.InnerException with
                | null -> false
                | inner -> isRefusal inner)

    /// Whether the connection had been closed, by the server or on the way, before it was used. Another connection may
    /// work.
    let isConnectionLost (e: DbException) : bool =
        match e.SqlState with
        | null -> e.IsTransient && not (e.InnerException :? TimeoutException)
        | "57P01" // the administrator ended it
        | "57P02" // the server crashed
        | "57P05" -> true // it was idle for too long
        | state -> state.StartsWith("08", StringComparison.Ordinal)

    let isMissingTable (e: DbException) : bool = e.SqlState = "42P01" || e.Message.Contains "no such table"

    let isMissingColumn (e: DbException) : bool =
        e.SqlState = "42703"
        || e.Message.Contains "no such column"
        || e.Message.Contains "has no column named"
