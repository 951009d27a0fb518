/// A web application of its own process, which the tests start more than once on one store.
module internal Runa.Session.Tests.SessionApp

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.Data.Sqlite
open Microsoft.Extensions.Hosting
open Microsoft.Extensions.Logging
open Npgsql
open Runa.Session

let count = SessionKey.create<int> "count"
let private note = SessionKey.create<string> "note"

let private text (text: string) : HttpHandler = ofResult (Results.Text text)
let private show session = text $"{Session.status session} {Session.getOr count 0 session}"
let private increment = Session.update count 0 ((+) 1)

/// Says that it has loaded its session, and goes on when it is told to.
let private isLoaded = TaskCompletionSource()
let private mayGoOn = TaskCompletionSource()

let private slow =
    withSessionTask "web" (fun _ session ->
        task {
            isLoaded.SetResult()
            do! mayGoOn.Task
            return Session.set note "late" session, text "saved"
        })

let private conflicts (next: RequestDelegate) =
    RequestDelegate(fun context ->
        task {
            try
                do! next.Invoke context
            with
            | :? SessionConflictException -> context.Response.StatusCode <- StatusCodes.Status409Conflict
            | :? SessionStoreException -> context.Response.StatusCode <- StatusCodes.Status503ServiceUnavailable
        })

let private sql = { SqlDriver.defaults with EnsureSchema = true; Table = "two_processes" }

/// The store as the command line names it.
let private driver (kind: string) (connection: string) : SessionDriver =
    match kind with
    | "redis" -> RedisDriver.connect connection
    | "sqlite" -> SqlDriver.createWith sql (SqliteFactory.Instance.CreateDataSource connection)
    | "postgres" -> SqlDriver.createWith sql (NpgsqlDataSource.Create connection)
    | other -> failwith $"There is no store '{other}' for this application: redis, sqlite or postgres."

/// Serves until its standard input ends. The first line it writes is its address.
let run (kind: string) (connection: string) : int =
    let builder = WebApplication.CreateBuilder()
    builder.Logging.ClearProviders() |> ignore
    builder.WebHost.UseUrls "http://127.0.0.1:0" |> ignore

    builder.Services.AddRunaSession(SessionSetup.driver "memory" (driver kind connection)) |> ignore

    use app = builder.Build()
    app.Use conflicts |> ignore

    let serve (path: string) (handler: HttpHandler) = app.MapGet(path, toRequestDelegate handler) |> ignore

    serve "/read" (readSession "web" show)
    serve "/count" (withSession "web" (fun session -> increment session, text "counted"))
    serve "/login" (withSession "web" (fun session -> Session.signIn "alice" session, text "signed in"))
    serve "/logout" (withSession "web" (fun session -> Session.signOut session, text "signed out"))
    serve "/slow" slow
    app.MapGet("/slow/loaded", Func<Task>(fun () -> isLoaded.Task)) |> ignore
    app.MapGet("/slow/release", Action(fun () -> mayGoOn.SetResult())) |> ignore

    app.Start()
    Console.Out.WriteLine(Seq.head app.Urls)
    Console.Out.Flush()
    Console.In.ReadToEnd() |> ignore
    app.StopAsync().GetAwaiter().GetResult()
    0
