namespace Runa.Session

/// The SQL of the driver. Nothing but the table's checked name is put into it; every value is a parameter.
[<RequireQualifiedAccess>]
type internal SqlStatements =
    { Schema: string list
      Probe: string
      Load: string
      Create: string
      Replace: string
      Touch: string
      Delete: string
      List: string
      Epoch: string
      Advance: string
      DeleteAll: string
      Purge: string }

module internal SqlStatements =
    let private columns = "key, scope, owner, version, ends_at, until, idle_ends_at, moved_to, record"

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
    until BIGINT NOT NULL,      -- the absolute end
    idle_ends_at BIGINT,        -- the idle end, which a touch moves
    moved_to {text},            -- the store key of the successor, of a tombstone
    record TEXT NOT NULL        -- the record, a JSON document
)"
          $"CREATE INDEX IF NOT EXISTS \"{table.Name}_ends_at\" ON {table.Quoted} (ends_at)"
          $"CREATE INDEX IF NOT EXISTS \"{table.Name}_owner\" ON {table.Quoted} (scope, owner, key)" ]

    let private least dialect =
        match dialect with
        | SqlDialect.Sqlite -> "MIN"
        | SqlDialect.PostgreSql -> "LEAST"

    /// Deletes rows of a query in one statement. PostgreSQL locks them first, in the order of the query, so that two who
    /// delete the same ones do not wait for each other in a circle.
    let private deleteWhere dialect (table: SqlTable) query locking andAlso returning =
        let inner = $"SELECT key FROM {table.Quoted} WHERE {query} LIMIT @batch"

        let isIn =
            match dialect with
            | SqlDialect.Sqlite -> $"key IN ({inner})"
            // An array, so that the query with its limit runs exactly once.
            | SqlDialect.PostgreSql -> $"key = ANY (ARRAY({inner} {locking}))"

        $"DELETE FROM {table.Quoted} WHERE {isIn}{andAlso} RETURNING {returning}"

    let make (dialect: SqlDialect) (table: SqlTable) : SqlStatements =
        let name = table.Quoted
        // A record's idle end is never after its absolute one; neither becomes what a touch asks for.
        let wanted = $"{least dialect}(@idle_ends_at, until)"
        let isLater = $"(idle_ends_at IS NULL OR idle_ends_at < {wanted})"

        { Schema = schema dialect table
          Probe = $"SELECT {columns} FROM {name} WHERE 1 = 0"
          Load = $"SELECT record, idle_ends_at FROM {name} WHERE key = @key"
          Create =
            $"INSERT INTO {name} ({columns}) VALUES (@key, @scope, @owner, @version, @ends_at, @until, @idle_ends_at, @moved_to, @record) ON CONFLICT (key) DO NOTHING"
          Replace =
            $"UPDATE {name} SET scope = @scope, owner = @owner, version = @version, ends_at = @ends_at, until = @until, idle_ends_at = @idle_ends_at, moved_to = @moved_to, record = @record WHERE key = @key AND version = @expected AND ends_at > @now"
          Touch =
            $"UPDATE {name} SET ends_at = CASE WHEN {isLater} THEN {wanted} ELSE ends_at END, idle_ends_at = CASE WHEN {isLater} THEN {wanted} ELSE idle_ends_at END WHERE key = @key AND ends_at > @now"
          Delete = $"DELETE FROM {name} WHERE key = @key RETURNING record, idle_ends_at"
          List =
            $"SELECT record, idle_ends_at, key FROM {name} WHERE scope = @scope AND owner = @owner AND key > @from AND ends_at > @now ORDER BY key LIMIT @most"
          Epoch = $"SELECT version FROM {name} WHERE key IN (@scope_key, @owner_key)"
          Advance =
            $"INSERT INTO {name} (key, scope, version, ends_at, until, record) VALUES (@key, @scope, @version, @ends_at, @ends_at, '') ON CONFLICT (key) DO UPDATE SET version = excluded.version, ends_at = excluded.ends_at, until = excluded.until"
          DeleteAll =
            deleteWhere
                dialect
                table
                "scope = @scope ORDER BY owner, key"
                "FOR UPDATE"
                ""
                "CASE WHEN moved_to IS NOT NULL THEN 2 WHEN ends_at > @now THEN 1 ELSE 0 END"
          // Looked at again: a session that was touched between the query and the deletion stays.
          Purge =
            deleteWhere
                dialect
                table
                "ends_at <= @now ORDER BY ends_at"
                "FOR UPDATE SKIP LOCKED"
                " AND ends_at <= @now"
                "CASE WHEN scope = @epochs THEN 0 ELSE 1 END" }
