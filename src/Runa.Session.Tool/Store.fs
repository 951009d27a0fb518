/// The store that the options name.
module Runa.Session.Tool.Store

open System
open System.CommandLine
open System.Data.Common
open Microsoft.Data.Sqlite
open Npgsql
open Runa
open Runa.Session

let private connection (parsed: ParseResult) : string =
    match parsed.GetValue Arguments.connection |> Option.ofObj with
    | Some text when not (String.IsNullOrWhiteSpace text) -> text
    | _ ->
        match Environment.GetEnvironmentVariable Arguments.connectionVariable with
        | null
        | "" ->
            Problem.raiseOne
                $"No connection string is given. Set the environment variable {Arguments.connectionVariable}, or the option --connection."
        | text -> text

let sqlOptions (dialect: SqlDialect) (parsed: ParseResult) : SqlDriverOptions =
    { SqlDriver.defaults with
        Table = Arguments.required Arguments.table parsed
        Dialect = Some dialect }

/// SQLite would create a file that is missing, and a misspelt path would look like an empty store.
let private existing (text: string) : string =
    let parts = SqliteConnectionStringBuilder text

    if parts.Mode = SqliteOpenMode.ReadWriteCreate then
        parts.Mode <- SqliteOpenMode.ReadWrite

    parts.ToString()

/// The dialect of an SQL store. None: the store is Redis.
let dialect (parsed: ParseResult) : SqlDialect option =
    match Arguments.required Arguments.driver parsed with
    | "sqlite" -> Some SqlDialect.Sqlite
    | "postgresql" -> Some SqlDialect.PostgreSql
    | _ -> None

/// The dialect and data source of an SQL store. `mayCreate`: a SQLite file that is missing is created.
let sql (mayCreate: bool) (parsed: ParseResult) : (SqlDialect * DbDataSource) option =
    match dialect parsed with
    | Some SqlDialect.Sqlite ->
        let text = connection parsed
        let text = if mayCreate then text else existing text
        Some(SqlDialect.Sqlite, SqliteFactory.Instance.CreateDataSource text)
    | Some SqlDialect.PostgreSql -> Some(SqlDialect.PostgreSql, NpgsqlDataSource.Create(connection parsed))
    | None -> None

let openDriver (parsed: ParseResult) : SessionDriver =
    match sql false parsed with
    | Some(dialect, source) ->
        source
        |> SqlDriver.createWith (sqlOptions dialect parsed)
        |> SessionDriver.withDispose source.DisposeAsync
    | None ->
        let options = { RedisDriver.defaults with Prefix = Arguments.required Arguments.prefix parsed }
        RedisDriver.connectWith options (connection parsed)
