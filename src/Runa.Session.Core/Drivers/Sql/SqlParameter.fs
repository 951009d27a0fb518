namespace Runa.Session

open System
open System.Data
open System.Data.Common

/// A parameter of a statement. It has a type, since a null has none.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal SqlParameter = { Name: string; Type: DbType voption; Value: obj }

module internal SqlParameter =
    let private make name kind (value: obj) : SqlParameter = { Name = name; Type = ValueSome kind; Value = value }

    let text (name: string) (value: string) = make name DbType.String value
    let number (name: string) (value: int64) = make name DbType.Int64 value

    let textOrNull (name: string) (value: string option) =
        match value with
        | Some value -> text name value
        | None -> make name DbType.String DBNull.Value

    let numberOrNull (name: string) (value: int64 voption) =
        match value with
        | ValueSome value -> number name value
        | ValueNone -> make name DbType.Int64 DBNull.Value

    /// A PostgreSQL array. Npgsql sees its type.
    let texts (name: string) (values: string[]) : SqlParameter = { Name = name; Type = ValueNone; Value = values }

    let add (command: DbCommand) (parameters: SqlParameter list) =
        for parameter in parameters do
            let added = command.CreateParameter()
            added.ParameterName <- parameter.Name
            parameter.Type |> ValueOption.iter (fun kind -> added.DbType <- kind)
            added.Value <- parameter.Value
            command.Parameters.Add added |> ignore
