/// What an operator sees of an application on Kestrel while its Redis server is dead, and afterwards.
module Runa.Session.Tests.OutageTests

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.DependencyInjection
open StackExchange.Redis
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Measured
open Runa.Session.Tests.RedisServers
open Runa.Session.Tests.SqlUnderTest

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann" >> Session.set visits 0) >=> text "in"
          route "/count" >=> withSession "web" count
          route "/who"
          >=> readSession "web" (fun session ->
              let owner = Session.owner session |> Option.defaultValue "nobody"
              text $"{owner} {Session.getOr visits 0 session}")
          route "/admin" >=> withSession "admin" count
          route "/static" >=> text "no session" ]

/// The sessions "web" are in Redis; those of "admin" may be elsewhere.
let private application (connection: ConnectionMultiplexer) (admin: SessionSetup -> SessionSetup) =
    let host = host site

    let services (services: IServiceCollection) =
        services.AddRouting().AddRunaSessionInspector().AddAuthorization() |> ignore
        services.AddHealthChecks().AddRunaSession() |> ignore

    let pipeline (app: IApplicationBuilder) =
        errorPage app
        app.UseHealthChecks("/health").UseRouting() |> ignore
        app.UseEndpoints(fun endpoints -> endpoints.MapRunaSessionInspector "/_sessions" |> ignore)
        |> ignore

    let setup =
        SessionSetup.driver
            "store"
            (RedisDriver.createWith { RedisDriver.defaults with TimeProvider = host.Clock } connection)
        >> SessionSetup.session "web" (fun o -> { o with Driver = "store" })
        >> SessionSetup.storeTimeout (TimeSpan.FromSeconds 3.)
        >> admin

    start
        { host with
            Server = Server.Kestrel
            Environment = "Development"
            Services = services
            Pipeline = pipeline
            Setup = setup }

let private get (browser: Browser) (path: string) =
    task {
        let! answer = browser.Get path
        return answer.Status, answer.Body
    }

/// Asks again for at most a minute: the machine may be busy, and a client needs a while to connect again.
let private becomes (browser: Browser) (path: string) (wanted: int * string) =
    task {
        let patience = Stopwatch.StartNew()
        let! first = get browser path
        let mutable now = first

        while now <> wanted && patience.Elapsed < TimeSpan.FromMinutes 1. do
            do! Task.Delay 50
            let! next = get browser path
            now <- next

        Expect.equal now wanted $"{path}, after {patience.Elapsed}"
    }

/// Counts one by one until the application cannot. Returns the answers.
let rec private countOn (browser: Browser) (isOver: unit -> bool) (answered: int) : Task<int> =
    task {
        match! get browser "/count" with
        | 200, body ->
            Expect.equal body (string (answered + 1)) "each count is the next one"
            if isOver () then
                return answered + 1
            else
                return! countOn browser isOver (answered + 1)
        | 500, _ -> return answered
        | other -> return failtest $"%A{other}"
    }

let private outage =
    redisTest
        "promise 14, 25: a Redis server is killed: requests fail, health, metrics and the inspector say so, and then nothing is lost"
        (fun () ->
            task {
                use! server = RedisServer.Start [ "--appendonly"; "yes"; "--appendfsync"; "always" ]
                use! connection = server.Connect()
                use! app = application connection id
                use meters = Meters.Of app
                let users = [ for _ in 1..4 -> app.NewBrowser() ]
                let operator = app.NewBrowser()

                for user in users do
                    do! becomes user "/in" (200, "in")
                    do! becomes user "/who" (200, "ann 0")

                do! becomes operator "/health" (200, "Healthy")
                Expect.isEmpty (meters.Named "store_failures") "before"

                let counting = [ for user in users -> Task.Run<int>(fun () -> countOn user (fun () -> false) 0) ]
                do! Task.Delay 300
                server.Kill()
                let! answered = Task.WhenAll counting
                Expect.all answered (fun number -> number > 0) "all had begun to count"

                let! status, body = get users.Head "/count"
                Expect.equal status 500 "a change fails"
                Expect.stringContains body "SessionStoreException" "and says why"
                let! status, _ = get users.Head "/who"
                Expect.equal status 500 "a read fails, instead of an empty session"
                let stranger = app.NewBrowser()
                let! status, _ = get stranger "/in"
                Expect.equal status 500 "nobody can sign in"
                Expect.isEmpty stranger.Cookies "nor gets a cookie"
                let! answer = get users.Head "/static"
                Expect.equal answer (200, "no session") "what needs no session is served"
                do! becomes operator "/health" (503, "Unhealthy")
                let failures = meters.Named "store_failures"
                Expect.isGreaterThanOrEqual (failures |> List.sumBy _.Value) 7. "four that counted, and three"
                Expect.all
                    failures
                    (fun it ->
                        it.Tags["driver"] = "store"
                        && it.Tags["name"] = "web"
                        && List.contains it.Tags["outcome"] [ "failed"; "timeout" ])
                    $"%A{failures}"
                let! status, json = get operator "/_sessions?format=json"
                Expect.equal status 200 "the inspector needs no store"
                Expect.stringContains json "\"name\":\"store\",\"is_store\":true,\"is_up\":false" "down"

                do! server.Restart()
                do! becomes operator "/health" (200, "Healthy")

                for user, answered in Seq.zip users answered do
                    // The write whose answer was lost may have come through (promise 12).
                    let mutable found = ""
                    let patience = Stopwatch.StartNew()

                    while found = "" do
                        match! get user "/who" with
                        | 200, body -> found <- body
                        | _ when patience.Elapsed < TimeSpan.FromMinutes 1. -> do! Task.Delay 50
                        | other -> failtest $"%A{other}"

                    let possible = [ $"ann {answered}"; $"ann {answered + 1}" ]
                    Expect.contains
                        possible
                        found
                        "everything that was answered is there, and nothing that nobody asked for"

                let! sessions = SessionRegistry.forOwner "web" "ann" CancellationToken.None app.Registry
                Expect.hasLength sessions users.Length "all sessions, and none of the sign-in that failed"
                meters.Forget()
                let! again = countOn (app.NewBrowser()) (fun () -> true) 0
                Expect.equal again 1 "it goes on"
                Expect.isEmpty (meters.Named "store_failures") "no failure any more"
                let! _, json = get operator "/_sessions?format=json"
                Expect.stringContains json "\"name\":\"store\",\"is_store\":true,\"is_up\":true" "up"
            })

let private half =
    redisTest
        "promise 25: with another store, sessions that are in it are served while the Redis server is dead, and health is degraded"
        (fun () ->
            task {
                use! server = RedisServer.Start [ "--appendonly"; "yes"; "--appendfsync"; "always" ]
                use! connection = server.Connect()
                use source = sqliteFile (newFile ()) ""
                do! SqlDriver.ensureSchema SqlDriver.defaults source

                let admin =
                    SessionSetup.driver "sql" (SqlDriver.create source)
                    >> SessionSetup.session "admin" (fun o -> { o with Driver = "sql" })

                use! app = application connection admin
                use meters = Meters.Of app
                let user, operator = app.NewBrowser(), app.NewBrowser()
                do! becomes user "/in" (200, "in")
                do! becomes operator "/health" (200, "Healthy")
                server.Kill()
                do! becomes operator "/health" (200, "Degraded")
                let! status, _ = get user "/who"
                Expect.equal status 500 "the session in Redis"
                let! answer = get user "/admin"
                Expect.equal answer (200, "1") "the session in SQLite"
                let drivers = meters.Named "store_failures" |> List.map _.Tags["driver"] |> List.distinct
                Expect.equal drivers [ "store" ] "counted for the store that is down"
                do! server.Restart()
                do! becomes operator "/health" (200, "Healthy")
                do! becomes user "/who" (200, "ann 0")
                do! becomes user "/admin" (200, "2")
            })

[<Tests>]
let tests = testList "Outage" [ outage; half ]
