namespace Runa.Session

open System

/// The name of the table. It becomes part of the SQL text, so it is checked and quoted.
[<RequireQualifiedAccess>]
type internal SqlTable =
    { Schema: string option
      Name: string }

    /// The name as it is written in a statement.
    member table.Quoted =
        match table.Schema with
        | Some schema -> $"\"{schema}\".\"{table.Name}\""
        | None -> $"\"{table.Name}\""

module internal SqlTable =
    /// PostgreSQL cuts names at 63 bytes, and names of indexes are up to 13 bytes longer than the table's.
    let maxLength = 50

    let private isName (text: string) =
        text.Length > 0
        && text.Length <= maxLength
        && not (Char.IsAsciiDigit text[0])
        && text |> Seq.forall (fun c -> Char.IsAsciiLetterOrDigit c || c = '_')

    /// Reads the option Table. Raises ArgumentException for an invalid name.
    let parse (dialect: SqlDialect) (text: string) : SqlTable =
        let refuse (why: string) = raise (ArgumentException($"Table = \"{text}\": {why}", "Table"))

        let name (part: string) =
            if not (isName part) then
                refuse
                    $"a name is at most {maxLength} of the characters A-Z, a-z, 0-9 and _, and does not begin with a digit."

            part

        let table: SqlTable =
            match dialect, text.Split '.' with
            | SqlDialect.PostgreSql, [| schema; table |] -> { Schema = Some(name schema); Name = name table }
            | SqlDialect.Sqlite, [| _; _ |] -> refuse "SQLite has no schemas."
            | _ -> { Schema = None; Name = name text }

        if dialect = SqlDialect.Sqlite && table.Name.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase) then
            refuse "SQLite keeps names that begin with sqlite_ for itself."

        table
