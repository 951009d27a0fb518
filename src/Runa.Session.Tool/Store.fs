/// The store that the options name.
module Runa.Session.Tool.Store

open System
open System.CommandLine
open System.Data.Common
open System.IO
open System.Threading
open System.Threading.Tasks
open Microsoft.Data.Sqlite
open Npgsql
open StackExchange.Redis
open Runa
open Runa.Session

/// The connection string, and where it was given.
let private given (parsed: ParseResult) : (string * string) option =
    match parsed.GetValue Arguments.connection |> Option.ofObj with
    | Some text when not (String.IsNullOrWhiteSpace text) -> Some("--connection", text)
    | _ ->
        match Environment.GetEnvironmentVariable Arguments.connectionVariable with
        | null
        | "" -> None
        | text -> Some(Arguments.connectionVariable, text)

let private example (kind: string) : string =
    match kind with
    | "sqlite" -> "Data Source=shop.db"
    | "postgresql" -> "Host=localhost;Database=shop;Username=shop;Password=…"
    | _ -> "localhost:6379,password=…"

/// Reads the connection string. One that cannot be read is not shown: it may have a password.
let private read (kind: string) (parse: string -> 'T) (parsed: ParseResult) : 'T =
    match given parsed with
    | None ->
        Problem.misuse
            $"No connection string is given. Set the environment variable {Arguments.connectionVariable}, or the option --connection, to one such as \"{example kind}\"."
    | Some(source, text) ->
        try
            parse text
        with
        | :? ArgumentException
        | :? FormatException ->
            Problem.misuse
                $"{source}: this is no connection string of {kind}. It has to be one such as \"{example kind}\"."

let private sqlite (text: string) : SqliteConnectionStringBuilder = SqliteConnectionStringBuilder text
let private postgresql (text: string) : NpgsqlConnectionStringBuilder = NpgsqlConnectionStringBuilder text
let private redis (text: string) : ConfigurationOptions = ConfigurationOptions.Parse text

let private placeOf (kind: string) (parsed: ParseResult) : string =
    match kind with
    | "sqlite" ->
        let file = (read kind sqlite parsed).DataSource
        let isFile = file <> "" && not (file.StartsWith ':') && not (file.StartsWith "file:")
        if isFile then Path.GetFullPath file else file
    | "postgresql" ->
        let parts = read kind postgresql parsed
        let database = if isNull parts.Database then "" else $", database {parts.Database}"
        $"{parts.Host}:{parts.Port}{database}"
    | _ ->
        [ for point in (read kind redis parsed).EndPoints -> EndPointCollection.ToString point ]
        |> String.concat ", "

/// The store in words, without passwords. None: the command has no store, or it cannot be named.
let name (parsed: ParseResult) : StoreName option =
    match Arguments.kind parsed with
    | None -> None
    | Some kind ->
        try
            Some { Kind = kind; Place = $"{kind}, {placeOf kind parsed}" }
        with _ ->
            None

/// The options of the driver sql, with a table whose name is allowed.
let sqlOptions (dialect: SqlDialect) (parsed: ParseResult) : SqlDriverOptions =
    let options =
        { SqlDriver.defaults with
            Table = Arguments.required Arguments.table parsed
            Dialect = Some dialect }

    try
        SqlDriver.schema options |> ignore
        options
    with :? ArgumentException as e ->
        let sentence = e.Message.Replace($" (Parameter '{e.ParamName}')", "")
        Problem.misuse $"--table: {sentence}"

/// SQLite would create a file that is missing, and a misspelt path would look like an empty store.
let private existing (parts: SqliteConnectionStringBuilder) : unit =
    if parts.Mode = SqliteOpenMode.ReadWriteCreate then
        parts.Mode <- SqliteOpenMode.ReadWrite

/// The dialect of an SQL store. None: the store is Redis.
let dialect (parsed: ParseResult) : SqlDialect option =
    match Arguments.kind parsed with
    | Some "sqlite" -> Some SqlDialect.Sqlite
    | Some "postgresql" -> Some SqlDialect.PostgreSql
    | _ -> None

/// The data source of an SQL store. `mayCreate`: a SQLite file that is missing is created.
let source (mayCreate: bool) (dialect: SqlDialect) (parsed: ParseResult) : DbDataSource =
    match dialect with
    | SqlDialect.Sqlite ->
        let parts = read "sqlite" sqlite parsed

        if not mayCreate then
            existing parts

        SqliteFactory.Instance.CreateDataSource(parts.ToString())
    | SqlDialect.PostgreSql -> NpgsqlDataSource.Create((read "postgresql" postgresql parsed).ToString())

/// The rows of a query of the table, a text each.
let texts
    (query: string -> string)
    (options: SqlDriverOptions)
    (source: DbDataSource)
    (token: CancellationToken)
    : Task<string list> =
    task {
        let parts = options.Table.Split '.' |> Array.map (fun part -> $"\"{part}\"")
        use command = source.CreateCommand(query (String.Join('.', parts)))
        use! reader = command.ExecuteReaderAsync token
        let found = ResizeArray<string>()
        let mutable isRow = true

        while isRow do
            let! next = reader.ReadAsync token
            isRow <- next

            if isRow then
                found.Add(reader.GetString 0)

        return List.ofSeq found
    }

let redisPrefix (parsed: ParseResult) : string = Arguments.required Arguments.prefix parsed

/// A connection to Redis, which has answered.
let connectRedis (parsed: ParseResult) : Task<ConnectionMultiplexer> =
    task {
        let options = read "redis" redis parsed
        // Otherwise the exception advises to change the connection string.
        options.AbortOnConnectFail <- false
        options.IncludeDetailInExceptions <- false
        let! multiplexer = ConnectionMultiplexer.ConnectAsync options

        try
            let! _ = multiplexer.GetDatabase().PingAsync()
            return multiplexer
        with e ->
            do! multiplexer.DisposeAsync()
            return raise e
    }

/// The driver, by the name of the option: messages then name what the user gave.
let openDriver (parsed: ParseResult) : SessionDriver =
    let driver =
        match dialect parsed with
        | Some dialect ->
            let options = sqlOptions dialect parsed
            let source = source false dialect parsed
            source |> SqlDriver.createWith options |> SessionDriver.withDispose source.DisposeAsync
        | None ->
            let options = { RedisDriver.defaults with Prefix = redisPrefix parsed }
            RedisDriver.connectWith
                options
                (read
                    "redis"
                    (fun text ->
                        redis text |> ignore
                        text)
                    parsed)

    { driver with Name = Arguments.kind parsed |> Option.defaultValue driver.Name }
