/// Sessions of users on a Redis server of the test's own, which the test fills, robs or cuts off.
module internal Runa.Session.Tests.RedisSites

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Time.Testing
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisExercises
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

let visits = SessionKey.create<int> "visits"
let count = Session.update visits 0 ((+) 1)

type Site =
    { Server: RedisServer
      Clock: FakeTimeProvider
      Connection: ConnectionMultiplexer
      Lines: Lines
      Driver: SessionDriver
      Registry: SessionRegistry }

    member site.Database = site.Connection.GetDatabase()
    member site.Owners = ownersOf site.Driver

    /// What the driver has warned of.
    member site.Warnings =
        [ for level, line in site.Lines.All do
              if level = Microsoft.Extensions.Logging.LogLevel.Warning then
                  line ]

let registryOn (clock: TimeProvider) (driver: SessionDriver) : SessionRegistry =
    SessionSetup.empty
    |> SessionSetup.secrets [ "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T" ]
    |> SessionSetup.application "tests"
    |> SessionSetup.timeProvider clock
    |> SessionSetup.driver "redis" driver
    |> SessionSetup.session "web" (fun settings ->
        { settings with Driver = "redis"; IdleTimeout = Some(TimeSpan.FromMinutes 20.) })
    |> SessionRegistry.create

/// On that server, by a connection with these options.
let siteOn (server: RedisServer) (connectionOptions: string) (scripting: RedisScripting) : Task<Site> =
    task {
        let! connection = ConnectionMultiplexer.ConnectAsync $"{server.Address}{connectionOptions}"
        let clock = FakeTimeProvider DateTimeOffset.UtcNow
        let lines = new Lines()

        let driver =
            RedisDriver.createWith
                { options "runa:" clock with Scripting = scripting; LoggerFactory = lines }
                connection

        return
            { Server = server
              Clock = clock
              Connection = connection
              Lines = lines
              Driver = driver
              Registry = registryOn clock driver }
    }

let private ways = [ "by script", RedisScripting.Auto; "by transaction", RedisScripting.Never ]

/// For each way of writing one test, each with a server of its own.
let siteTests (name: string) (arguments: string list) (body: Site -> Task<unit>) : Test =
    testList
        name
        [ for label, scripting in ways do
              redisTest label (fun () ->
                  task {
                      use! server = RedisServer.Start arguments
                      let! site = siteOn server ",allowAdmin=true" scripting
                      do! body site
                      do! site.Connection.DisposeAsync()
                  }) ]

/// One request; answers the Cookie header of the next.
let request (site: Site) (header: string option) (step: Session -> Session) : Task<string option> =
    task {
        let! committed = SessionRegistry.update "web" header step none site.Registry

        return
            match committed.Cookies with
            | [] -> header
            | cookies -> Some((List.last cookies).Split(';')[0])
    }

let signIn (site: Site) (owner: string) : Task<string option> = request site None (Session.signIn owner >> count)

let load (site: Site) (header: string option) : Task<Session> = SessionRegistry.load "web" header none site.Registry

/// Nothing of the sessions that these headers lead to is left.
let areGone (site: Site) (what: string) (headers: string option list) : Task<unit> =
    task {
        for header in headers do
            let! session = load site header
            Session.status session |> Expect.equal what SessionStatus.Expired
    }

let isAlive (site: Site) (what: string) (header: string option) : Task<unit> =
    task {
        let! session = load site header
        Session.status session |> Expect.equal what SessionStatus.Active
    }

let rec private add (site: Site) (n: int) (size: int) : Task<unit> =
    task {
        let! isStored =
            task {
                try
                    let value: RedisValue = RedisValue.op_Implicit (String('x', size))
                    return! site.Database.StringSetAsync(RedisKey.op_Implicit $"junk:{n}", value)
                with :? RedisServerException ->
                    return false
            }

        if isStored then
            do! add site (n + 1) size
        elif size > 1 then
            do! add site (n + 1) (size / 10)
    }

let private used (site: Site) : Task<int64> =
    task {
        let! info = command site.Connection "INFO" [ "memory" ]
        let line = info.Split('\n') |> Array.find _.StartsWith("used_memory:")
        return int64 (line.Substring("used_memory:".Length).Trim())
    }

/// Until it is refused to store a byte more, and will be when connections need a few less.
let fill (site: Site) : Task<unit> =
    task {
        let! before = used site
        let limit = before + 1_000_000L
        let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory-policy"; "noeviction" ]
        let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory"; string limit ]
        do! add site 0 100_000
        let! now = used site
        let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory"; string (now - 50_000L) ]
        ()
    }
