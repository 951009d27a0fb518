namespace Runa.Session.Tests

open System.Collections.Concurrent
open System.Data
open System.Data.Common
open System.Threading

/// A connection that tells of its commands, its opening and its end. The commands themselves are the provider's.
[<Sealed>]
type WatchedConnection(inner: DbConnection, opened: DbConnection -> unit, closed: unit -> unit, told: DbCommand -> unit)
    =
    inherit DbConnection()

    [<System.Diagnostics.CodeAnalysis.AllowNull>]
    override _.ConnectionString
        with get () = inner.ConnectionString
        and set value = inner.ConnectionString <- value

    override _.Database = inner.Database
    override _.DataSource = inner.DataSource
    override _.ServerVersion = inner.ServerVersion
    override _.State = inner.State
    override _.ChangeDatabase name = inner.ChangeDatabase name
    override _.Close() = inner.Close()
    override _.BeginDbTransaction isolation = inner.BeginTransaction isolation

    override _.Open() =
        inner.Open()
        opened inner

    override _.OpenAsync(token: CancellationToken) =
        task {
            do! inner.OpenAsync token
            opened inner
        }

    override _.CreateDbCommand() =
        let command = inner.CreateCommand()
        told command
        command

    override _.Dispose(disposing: bool) =
        if disposing then
            if inner.State <> ConnectionState.Closed then
                closed ()

            inner.Dispose()

/// A data source that counts: open connections, and the texts of the commands.
[<Sealed>]
type WatchedDataSource(inner: DbDataSource, whenOpened: DbConnection -> unit) =
    inherit DbDataSource()
    let commands = ConcurrentQueue<DbCommand>()
    let mutable openNow = 0

    override _.ConnectionString = inner.ConnectionString

    override _.CreateDbConnection() =
        new WatchedConnection(
            inner.CreateConnection(),
            (fun connection ->
                Interlocked.Increment &openNow |> ignore
                whenOpened connection),
            (fun () -> Interlocked.Decrement &openNow |> ignore),
            commands.Enqueue
        )

    /// Connections that were not given back.
    member _.OpenNow = Volatile.Read &openNow

    /// The commands since the last time this was asked, in their order.
    member _.TakeCommands() : string list =
        let taken = [ for command in commands -> command.CommandText ]
        commands.Clear()
        taken

/// A data source that does something to each connection that is opened, pooled or not.
[<Sealed>]
type HookedDataSource(inner: DbDataSource, whenOpened: DbConnection -> unit) =
    inherit DbDataSource()
    override _.ConnectionString = inner.ConnectionString

    override _.CreateDbConnection() = new WatchedConnection(inner.CreateConnection(), whenOpened, ignore, ignore)
