module Runa.Session.Tests.PostgresFaultTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Time.Testing
open Npgsql
open Runa.Session
open Runa.Session.Tests.SqlUnderTest
open Runa.Session.Tests.SqlRegistry

/// How a request ended.
[<RequireQualifiedAccess>]
type Outcome =
    | Done
    | Failed
    | Unknown

let private attempt (work: unit -> Task<'T>) : Task<Outcome> =
    task {
        try
            let! _ = work ()
            return Outcome.Done
        with :? SessionStoreException as e ->
            return if e.MayHaveBeenSaved then Outcome.Unknown else Outcome.Failed
    }

/// Until it is done: connections that broke are noticed one by one.
let rec private eventually (times: int) (work: unit -> Task<'T>) : Task<'T> =
    task {
        try
            return! work ()
        with :? SessionStoreException when times > 0 ->
            return! eventually (times - 1) work
    }

let private ready (server: PostgresServer) (application: string) =
    task {
        let source = NpgsqlDataSource.Create(server.ConnectionString application)
        let clock = FakeTimeProvider now

        let options =
            { SqlDriver.defaults with Table = "t_" + Guid.NewGuid().ToString "N"; TimeProvider = clock }

        do! SqlDriver.ensureSchema options source
        return struct (source, registry clock (SqlDriver.createWith options source))
    }

/// Increments from eight sides until told to stop; how many are in the session for certain, and how many may be.
let private incrementing (registry: SessionRegistry) (cookie: string) (stop: CancellationToken) =
    task {
        let! outcomes =
            Task.WhenAll
                [ for _ in 1..8 do
                      Task.Run<Outcome list>(fun () ->
                          task {
                              let mutable outcomes = []

                              while not stop.IsCancellationRequested do
                                  let! outcome = attempt (fun () -> increment cookie registry)
                                  outcomes <- outcome :: outcomes

                              return outcomes
                          }) ]

        return List.concat outcomes
    }

let private between (outcomes: Outcome list) (total: int) =
    let count wanted = outcomes |> List.filter ((=) wanted) |> List.length
    let sure = count Outcome.Done
    Expect.isGreaterThan sure 0 "some were done"
    Expect.isGreaterThanOrEqual total sure "what was answered is there"
    Expect.isLessThanOrEqual total (sure + count Outcome.Unknown) "nothing was applied twice"

[<Tests>]
let tests =
    testList
        "PostgreSQL's faults"
        [ testTask
              "promise 12, 25: while the server is down requests fail, and then the sessions are there, with all that was answered" {
              let server = PostgresServer.start ()
              let! struct (source: NpgsqlDataSource, registry: SessionRegistry) = ready server "crash"
              use _ = source
              use registry = registry
              let! (cookie: string) = start (Session.set count 0) registry
              let stop = new CancellationTokenSource()
              let running = incrementing registry cookie stop.Token
              let! (_: Committed) = increment cookie registry
              server.Crash()
              let! (read: Outcome) = attempt (fun () -> counted cookie registry)
              Expect.equal read Outcome.Failed "a read while it is down"
              let! (without: Outcome) = attempt (fun () -> SessionRegistry.load "web" None none registry)
              Expect.equal without Outcome.Done "a visitor without a session"
              server.Start()
              let! (_: Committed) = eventually 200 (fun () -> increment cookie registry)
              stop.Cancel()
              let! (outcomes: Outcome list) = running
              let! (total: int option) = eventually 200 (fun () -> counted cookie registry)
              Expect.contains outcomes Outcome.Failed "some failed"
              between (Outcome.Done :: Outcome.Done :: outcomes) total.Value
          }
          testTask "promise 12: connections that the server closes under load lose no update and apply none twice" {
              let server = SharedPostgres.get ()
              let application = "broken" + Guid.NewGuid().ToString "N"
              let! struct (source: NpgsqlDataSource, registry: SessionRegistry) = ready server application
              use _ = source
              use registry = registry
              use admin = NpgsqlDataSource.Create(server.ConnectionString "admin")
              let! (cookie: string) = start (Session.set count 0) registry
              let stop = new CancellationTokenSource()
              let running = incrementing registry cookie stop.Token

              for _ in 1..20 do
                  let! (_: objnull) =
                      scalar
                          admin
                          $"SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{application}'"

                  let! (_: Committed) = eventually 200 (fun () -> increment cookie registry)
                  ()

              stop.Cancel()
              let! (outcomes: Outcome list) = running
              let! (total: int option) = eventually 200 (fun () -> counted cookie registry)
              // The twenty of the loop are sure; those that it tried again may have been applied.
              let tried = List.replicate 20 Outcome.Done
              between (tried @ outcomes) total.Value
          }
          testTask "promise 25: a connection that the server closed between two calls fails at most its own call" {
              let server = SharedPostgres.get ()
              let application = "idle" + Guid.NewGuid().ToString "N"
              let! struct (source: NpgsqlDataSource, registry: SessionRegistry) = ready server application
              use _ = source
              use registry = registry
              use admin = NpgsqlDataSource.Create(server.ConnectionString "admin")
              let! (cookie: string) = start (Session.set count 1) registry

              let! (closed: objnull) =
                  scalar
                      admin
                      $"SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{application}'"

              Expect.equal (Convert.ToInt32 closed) 1 "one connection was idle"
              let! (_: Outcome) = attempt (fun () -> counted cookie registry)
              let! (found: int option) = counted cookie registry
              Expect.equal found (Some 1) "the next call"
          }
          testTask
              "promise 14: a server that is not there at the start fails the call, and EnsureSchema makes up for it" {
              let server = PostgresServer.start ()
              server.Crash()
              use source = NpgsqlDataSource.Create(server.ConnectionString "start")
              let clock = FakeTimeProvider now

              let options = { SqlDriver.defaults with EnsureSchema = true; TimeProvider = clock }

              use registry = registry clock (SqlDriver.createWith options source)
              let! (down: Outcome) = attempt (fun () -> start (Session.set count 1) registry)
              Expect.notEqual down Outcome.Done "while it is down"
              server.Start()
              let! (cookie: string) = start (Session.set count 1) registry
              let! (found: int option) = counted cookie registry
              Expect.equal found (Some 1) "later"
          } ]
