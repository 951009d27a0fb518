namespace Runa.Session

/// The SQL of the driver. Nothing but the table's checked name is put into it; every value is a parameter.
[<RequireQualifiedAccess>]
type internal SqlStatements =
    {
        Schema: string list
        Probe: string
        Load: string
        Create: string
        Replace: string
        Touch: string
        Delete: string
        /// Of so many keys.
        DeleteMany: int -> string
        List: string
        Epoch: string
        Advance: string
        /// At most so many rows.
        DeleteAll: int -> string
        /// At most so many rows.
        Purge: int -> string
        /// Makes the planner look at the table anew, where that may help.
        Analyze: string option
    }

module internal SqlStatements =
    let private columns =
        "key, scope, owner, version, ends_at, expires_at, idle_expires_at, moved_to, record"

    /// What tables of earlier versions lack: it comes last in Probe, so that a foreign table is told by another column.
    let newest = "advanced_at"

    /// Keys in the order of their bytes, which in PostgreSQL the database's collation may not be.
    let private text dialect =
        match dialect with
        | SqlDialect.Sqlite -> "TEXT"
        | SqlDialect.PostgreSql -> "TEXT COLLATE \"C\""

    /// The table and its indexes, where they are not there yet. Times are UTC ticks: 100 ns since 0001-01-01.
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

    /// As bytes: a document that is no UTF-8 must not be read as if it were.
    let private document dialect =
        match dialect with
        | SqlDialect.Sqlite -> "CAST(record AS BLOB)"
        | SqlDialect.PostgreSql -> "record"

    /// The database's own time, in UTC ticks. SQLite's is that of the machine, to the millisecond only: there the driver
    /// says what the same clock shows.
    let private clock dialect =
        match dialect with
        | SqlDialect.Sqlite -> "@clock"
        | SqlDialect.PostgreSql ->
            "621355968000000000 + CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) * 10"

    /// Deletes the rows of a query in one statement. PostgreSQL locks them first, in the order of the query, so that two who
    /// delete the same ones do not wait for each other in a circle. What was locked is looked at again by PostgreSQL itself:
    /// a session that was touched meanwhile is not among them. The outer condition names nothing but the key, so that no
    /// statistics, however old, lead to another index than the key's.
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
        // In the order of DeleteAll.
        | SqlDialect.PostgreSql ->
            deleteWhere dialect table "key = ANY (@keys) ORDER BY scope, owner, key" "FOR UPDATE" returning

    let make (dialect: SqlDialect) (table: SqlTable) : SqlStatements =
        let name = table.Quoted
        let document = document dialect
        let clock = clock dialect
        // A record's idle end is never after its absolute one; neither becomes what a touch asks for.
        let wanted = $"{least dialect}(@idle_expires_at, expires_at)"

        // Without statistics PostgreSQL takes a range with two ends for next to nothing, and then collects and sorts all of
        // it for each batch. It does not see the two ends here, and walks the index from there all the same.
        let from =
            match dialect with
            | SqlDialect.Sqlite -> "ends_at >= @from"
            | SqlDialect.PostgreSql -> "(ends_at, key) >= (@from, '')"

        let isLater = $"(idle_expires_at IS NULL OR idle_expires_at < {wanted})"

        { Schema = schema dialect table
          Probe = $"SELECT {columns}, {newest} FROM {name} WHERE 1 = 0"
          Load = $"SELECT {document}, idle_expires_at FROM {name} WHERE key = @key"
          Create =
            $"INSERT INTO {name} ({columns}) VALUES (@key, @scope, @owner, @version, @ends_at, @expires_at, @idle_expires_at, @moved_to, @record) ON CONFLICT (key) DO NOTHING"
          Replace =
            $"UPDATE {name} SET scope = @scope, owner = @owner, version = @version, ends_at = @ends_at, expires_at = @expires_at, idle_expires_at = @idle_expires_at, moved_to = @moved_to, record = @record WHERE key = @key AND version = @expected AND ends_at > @now"
          Touch =
            $"UPDATE {name} SET ends_at = CASE WHEN {isLater} THEN {wanted} ELSE ends_at END, idle_expires_at = CASE WHEN {isLater} THEN {wanted} ELSE idle_expires_at END WHERE key = @key AND ends_at > @now"
          Delete = $"DELETE FROM {name} WHERE key = @key RETURNING {document}, idle_expires_at"
          DeleteMany = deleteMany dialect table $"{document}, idle_expires_at, key"
          // Ended or not: what has ended by one clock may live by another (promise 28), and what has ended by all of them is
          // purged soon. So no page reads more rows than it has.
          List =
            $"SELECT {document}, idle_expires_at, key FROM {name} WHERE scope = @scope AND owner = @owner AND key > @from ORDER BY key LIMIT @most"
          Epoch = $"SELECT key, version, advanced_at, {clock} FROM {name} WHERE key IN (@scope_key, @owner_key)"
          // Its end never comes nearer: that is by the clock of the node that writes.
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
          // The limit is in the text, so that the planner knows it and walks the index of ends_at; from where the last
          // batch ended, so that it does not walk over what that one left in the index.
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
