namespace Runa.Session.Benchmarks

open System.Data.Common
open System.Threading.Tasks

/// The yardstick for sessions in a database.
module SqlSelect =
    /// One SELECT by key of a record, as an application would write it. Returns the document.
    let text (source: DbDataSource) (table: string) (key: string) : Task<string> =
        task {
            use! connection = source.OpenConnectionAsync()
            use command = connection.CreateCommand()
            command.CommandText <- $"SELECT record, idle_expires_at FROM {table} WHERE key = @key"
            let parameter = command.CreateParameter()
            parameter.ParameterName <- "@key"
            parameter.Value <- key
            command.Parameters.Add parameter |> ignore
            use! reader = command.ExecuteReaderAsync()
            let! isRow = reader.ReadAsync()

            if not isRow || not (reader.IsDBNull 1) then
                failwith "There is no such row."

            return reader.GetString 0
        }
