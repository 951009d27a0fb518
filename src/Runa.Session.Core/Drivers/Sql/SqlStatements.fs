namespace Runa.Session

/// The SQL of the driver. It contains the table's checked name; every value is a parameter.
[<RequireQualifiedAccess>]
type internal SqlStatements =
    {
        Schema: string list
        Probe: string
        /// Writes nothing, and fails where a write would: without the table, or one of its columns, and in a database that is
        /// read-only or locked.
        ProbeWrite: string
        Load: string
        Create: string
        Replace: string
        Touch: string
        Delete: string
        /// For this number of keys.
        DeleteMany: int -> string
        List: string
        Count: string
        Epoch: string
        Advance: string
        /// For at most this number of rows.
        DeleteAll: int -> string
        /// For at most this number of rows.
        Purge: int -> string
        /// Updates the planner's statistics of the table. None: the database needs none.
        Analyze: string option
    }

module internal SqlStatements =
    let private columns =
        "key, scope, owner, version, ends_at, expires_at, idle_expires_at, moved_to, record"

    /// The column that tables of earlier versions lack. It is the last one in Probe, so that a foreign table fails at
    /// another column.
    let newest = "advanced_at"

    /// The type of text columns. Keys are ordered by their bytes; in PostgreSQL the database's collation may order them
    /// otherwise.
    let private text dialect =
        match dialect with
        | SqlDialect.Sqlite -> "TEXT"
        | SqlDialect.PostgreSql -> "TEXT COLLATE \"C\""

    /// Creates the table and its indexes if they are missing. Times are UTC ticks of 100 ns since 0001-01-01.
    let private schema dialect (table: SqlTable) =
        let text = text dialect

        [ $"CREATE TABLE IF NOT EXISTS {table.Quoted} (
    key {text} PRIMARY KEY,     -- the store key, 22 characters of base64url; epoch.… in rows that hold an owner's epoch
    scope {text} NOT NULL,      -- application and session name; %%epoch in rows that hold an owner's epoch
    owner {text},               -- who signed in
    version BIGINT NOT NULL,    -- which write the record came from
    ends_at BIGINT NOT NULL,    -- the earlier end, in UTC ticks of 100 ns since 0001-01-01
    expires_at BIGINT NOT NULL, -- the absolute end
    idle_expires_at BIGINT,     -- the idle end, which a touch moves
    moved_to {text},            -- the store key of the successor, of a tombstone
    record TEXT NOT NULL,       -- the record, a JSON document
    {newest} BIGINT         -- when an owner's epoch was last changed, by the clock of the database
)"
          $"CREATE INDEX IF NOT EXISTS \"{table.Name}_ends_at\" ON {table.Quoted} (ends_at)"
          $"CREATE INDEX IF NOT EXISTS \"{table.Name}_owner\" ON {table.Quoted} (scope, owner, key)" ]

    let private least dialect =
        match dialect with
        | SqlDialect.Sqlite -> "MIN"
        | SqlDialect.PostgreSql -> "LEAST"

    let private greatest dialect =
        match dialect with
        | SqlDialect.Sqlite -> "MAX"
        | SqlDialect.PostgreSql -> "GREATEST"

    /// The document as bytes, so that one that is not UTF-8 is noticed.
    let private document dialect =
        match dialect with
        | SqlDialect.Sqlite -> "CAST(record AS BLOB)"
        | SqlDialect.PostgreSql -> "record"

    /// The database's time in UTC ticks. SQLite uses the machine's clock, but only to the millisecond, so the driver
    /// passes the time of the same clock.
    let private clock dialect =
        match dialect with
        | SqlDialect.Sqlite -> "@clock"
        | SqlDialect.PostgreSql ->
            "621355968000000000 + CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) * 10"

    /// Deletes the rows of a query in one statement. PostgreSQL locks them first, in the order of the query, so that
    /// two statements that delete the same rows do not deadlock. It then checks the locked rows again, so a session
    /// that was touched meanwhile stays. The outer condition names only the key, so that even with old statistics
    /// PostgreSQL uses the key's index.
    let private deleteWhere dialect (table: SqlTable) query locking returning =
        let inner = $"SELECT key FROM {table.Quoted} WHERE {query}"

        let isIn =
            match dialect with
            | SqlDialect.Sqlite -> $"key IN ({inner})"
            // An array, so that the query with its limit runs exactly once.
            | SqlDialect.PostgreSql -> $"key = ANY (ARRAY({inner} {locking}))"

        $"DELETE FROM {table.Quoted} WHERE {isIn} RETURNING {returning}"

    let private deleteMany dialect (table: SqlTable) returning (count: int) =
        match dialect with
        | SqlDialect.Sqlite ->
            let keys = [ for i in 0 .. count - 1 -> $"@key{i}" ] |> String.concat ", "
            $"DELETE FROM {table.Quoted} WHERE key IN ({keys}) RETURNING {returning}"
        // The same order as in DeleteAll.
        | SqlDialect.PostgreSql ->
            deleteWhere dialect table "key = ANY (@keys) ORDER BY scope, owner, key" "FOR UPDATE" returning

    let make (dialect: SqlDialect) (table: SqlTable) : SqlStatements =
        let name = table.Quoted
        let document = document dialect
        let clock = clock dialect
        // The new idle end is what the touch asks for, but never after the absolute end.
        let wanted = $"{least dialect}(@idle_expires_at, expires_at)"

        // Without statistics PostgreSQL expects a range with two ends to be tiny, and collects and sorts all of it for
        // each batch. In this form it does not recognize such a range, and walks along the index.
        let from =
            match dialect with
            | SqlDialect.Sqlite -> "ends_at >= @from"
            | SqlDialect.PostgreSql -> "(ends_at, key) >= (@from, '')"

        let isLater = $"(idle_expires_at IS NULL OR idle_expires_at < {wanted})"

        { Schema = schema dialect table
          Probe = $"SELECT {columns}, {newest} FROM {name} WHERE 1 = 0"
          ProbeWrite = $"DELETE FROM {name} WHERE 1 = 0 RETURNING {columns}, {newest}"
          Load = $"SELECT {document}, idle_expires_at FROM {name} WHERE key = @key"
          Create =
            $"INSERT INTO {name} ({columns}) VALUES (@key, @scope, @owner, @version, @ends_at, @expires_at, @idle_expires_at, @moved_to, @record) ON CONFLICT (key) DO NOTHING"
          Replace =
            $"UPDATE {name} SET scope = @scope, owner = @owner, version = @version, ends_at = @ends_at, expires_at = @expires_at, idle_expires_at = @idle_expires_at, moved_to = @moved_to, record = @record WHERE key = @key AND version = @expected AND ends_at > @now"
          Touch =
            $"UPDATE {name} SET ends_at = CASE WHEN {isLater} THEN {wanted} ELSE ends_at END, idle_expires_at = CASE WHEN {isLater} THEN {wanted} ELSE idle_expires_at END WHERE key = @key AND ends_at > @now"
          Delete = $"DELETE FROM {name} WHERE key = @key RETURNING {document}, idle_expires_at"
          DeleteMany = deleteMany dialect table $"{document}, idle_expires_at, key"
          // Records that have ended are included: they may be alive by another node's clock (promise 28), and those
          // that have ended by all clocks are purged soon. So no page reads more rows than it returns.
          List =
            $"SELECT {document}, idle_expires_at, key FROM {name} WHERE scope = @scope AND owner = @owner AND key > @from ORDER BY key LIMIT @most"
          Count =
            $"SELECT COUNT(*), COUNT(owner) FROM {name} WHERE scope = @scope AND moved_to IS NULL AND ends_at > @now"
          Epoch = $"SELECT key, version, advanced_at, {clock} FROM {name} WHERE key IN (@scope_key, @owner_key)"
          // The end of the row never moves back, since each node computes it by its own clock.
          Advance =
            $"INSERT INTO {name} AS epoch (key, scope, version, ends_at, expires_at, record, advanced_at) VALUES (@key, @scope, @version, @ends_at, @ends_at, '', {clock}) ON CONFLICT (key) DO UPDATE SET version = excluded.version, ends_at = {greatest dialect}(epoch.ends_at, excluded.ends_at), expires_at = {greatest dialect}(epoch.expires_at, excluded.expires_at), advanced_at = {clock}"
          DeleteAll =
            fun most ->
                deleteWhere
                    dialect
                    table
                    $"scope = @scope ORDER BY owner, key LIMIT {most}"
                    "FOR UPDATE"
                    "CASE WHEN moved_to IS NOT NULL THEN 2 WHEN ends_at > @now THEN 1 ELSE 0 END, ends_at"
          // The limit is in the text, so that the planner knows it and walks along the index of ends_at. It starts
          // where the last batch ended, so it does not pass over the dead entries of that batch.
          Purge =
            fun most ->
                deleteWhere
                    dialect
                    table
                    $"{from} AND ends_at <= @now ORDER BY ends_at LIMIT {most}"
                    "FOR UPDATE SKIP LOCKED"
                    "CASE WHEN scope = @epochs THEN 0 ELSE 1 END, ends_at"
          Analyze =
            match dialect with
            | SqlDialect.Sqlite -> None
            | SqlDialect.PostgreSql -> Some $"ANALYZE {name}" }
