module Runa.Session.Tests.RedisFaultTests

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Expecto
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.CuttingProxies
open Runa.Session.Tests.RedisServers

let private count = SessionKey.create<int> "count"
let private note = SessionKey.create<string> "note"
let private increment = Session.update count 0 ((+) 1)
let private none = CancellationToken.None

let private registryWith (change: SessionSetup -> SessionSetup) (driver: SessionDriver) : SessionRegistry =
    SessionSetup.empty
    |> SessionSetup.secrets [ "a secret of fault tests: 3Hd!uW7x-Lq1z_8cVb5N" ]
    |> SessionSetup.application "faults"
    |> SessionSetup.driver "memory" driver
    |> change
    |> SessionRegistry.create

let private registryOn (driver: SessionDriver) : SessionRegistry = registryWith id driver

let private update header step registry = SessionRegistry.update "web" header step none registry

let private cookieOf (committed: Committed) : string option =
    committed.Cookies |> List.tryLast |> Option.map (fun text -> text.Substring(0, text.IndexOf ';'))

let private counted header registry : Task<int> =
    task {
        let! session = SessionRegistry.load "web" header none registry
        return Session.getOr count 0 session
    }

/// What it raises.
let private failure (work: Task<'T>) : Task<exn> =
    task {
        try
            let! _ = work
            return failtest "nothing was raised"
        with
        | :? SessionStoreException as e -> return e
        | :? SessionConflictException as e -> return e
    }

let private answerLost =
    redisTest
        "promise 12: a connection that breaks after a write was applied: it is found by its version, never applied twice"
        (fun () ->
            task {
                let! server = sharedServer ()
                use proxy = new CuttingProxy(server.Port)
                let driver = RedisDriver.connect $"127.0.0.1:{proxy.Port}"
                let registry = registryOn driver
                let! begun = update None increment registry
                let header = cookieOf begun
                let! _ = update header increment registry

                for write in 1..3 do
                    proxy.CutAfter "EVALSHA"
                    let! committed = update header increment registry
                    Expect.equal proxy.Cuts write "the answer was lost"
                    Expect.equal (Session.getOr count 0 committed.Session) (2 + write) "the request went on"
                    let! counted = counted header registry
                    Expect.equal counted (2 + write) "once"

                // A new session, whose create is answered by nobody.
                proxy.CutAfter "EVALSHA"
                let! created = update None increment registry
                let! counted = counted (cookieOf created) registry
                Expect.equal (counted, proxy.Cuts) (1, 4) "created once, and its token given out"
                do! driver.Dispose()
            })

let private killed =
    redisTest
        "promise 14, 25: killed in the middle and started again, with appendonly: requests in between fail, sessions are there after"
        (fun () ->
            task {
                use! server = RedisServer.Start [ "--appendonly"; "yes"; "--appendfsync"; "always" ]
                let driver = RedisDriver.connect $"{server.Address},asyncTimeout=1000"
                let registry = registryOn driver
                let! begun = update None increment registry
                let header = cookieOf begun
                server.Kill()

                for work in
                    [ update header increment registry; update header id registry; update None increment registry ] do
                    let! e = failure work
                    Expect.isTrue (e :? SessionStoreException) "an error, never an empty session"

                let! stranger = update None id registry
                Expect.equal stranger.Cookies [] "who has no session and writes nothing needs no store"
                do! server.Restart()
                let patience = Stopwatch.StartNew()
                let mutable now = None

                // The client connects again by itself, within its own time.
                while now.IsNone do
                    try
                        let! counted = counted header registry
                        now <- Some counted
                    with :? SessionStoreException when patience.Elapsed < TimeSpan.FromMinutes 1. ->
                        do! Task.Delay 50

                Expect.equal now (Some 1) "the session is there, with what was acknowledged"
                let! committed = update header increment registry
                Expect.equal (Session.getOr count 0 committed.Session) 2 "and goes on"
                do! driver.Dispose()
            })

let private hangs =
    redisTest
        "promise 14, 15: a Redis that hangs is an error within the time limit, and what it does later is not applied twice"
        (fun () ->
            task {
                use! server = RedisServer.Start []
                use! admin = server.Connect()
                let driver = RedisDriver.connect server.Address

                let registry = registryOn driver
                let impatient = registryWith (SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 500.)) driver
                let! begun = update None increment registry
                let header = cookieOf begun
                let! loaded = SessionRegistry.load "web" header none impatient
                // It answers nobody, and does afterwards what it was asked.
                let! _ = command admin "CLIENT" [ "PAUSE"; "2000"; "ALL" ]
                let! e = failure (SessionRegistry.commit (increment loaded) none impatient)

                match e with
                | :? SessionStoreException as e ->
                    Expect.isTrue e.MayHaveBeenSaved "the outcome is unknown, and it says so"
                | e -> failtest $"another error: {e.Message}"

                let! _ = (admin.GetDatabase()).PingAsync()
                let! counted = counted header registry
                Expect.isTrue (counted = 1 || counted = 2) "once, or not at all"
                do! driver.Dispose()
            })

/// Asks the server that the application is connected to, which is another one after a failover.
let private failingOver (first: SessionDriver) =
    let mutable current = first

    let driver =
        SessionDriver.create
            "redis"
            (fun key token -> current.Load key token)
            (fun key record token -> current.Create key record token)
            (fun key version record token -> current.Replace key version record token)
            (fun key idleExpiresAt token -> current.Touch key idleExpiresAt token)
            (fun key token -> current.Delete key token)

    driver, (fun other -> current <- other)

let private promoted =
    redisTest
        "promise 12: a replica that is promoted with older data loses what it never had, and corrupts nothing"
        (fun () ->
            task {
                use! primary = RedisServer.Start [ "--repl-diskless-sync-delay"; "0" ]
                use! replica = RedisServer.Start [ "--replicaof"; "127.0.0.1"; string primary.Port ]
                use! onPrimary = primary.Connect()
                let driver, failOver = failingOver (RedisDriver.create onPrimary)
                let registry = registryOn driver
                let! begun = update None increment registry
                let header = cookieOf begun
                let! replicated = command onPrimary "WAIT" [ "1"; "4500" ]
                Expect.equal replicated "1" "the replica has the first increment"
                use! promoting = replica.Connect()
                let! _ = command promoting "REPLICAOF" [ "NO"; "ONE" ]
                // Acknowledged by the primary alone.
                let! _ = update header increment registry
                let! lost = update None increment registry
                let! slow = SessionRegistry.load "web" header none registry
                Expect.equal (Session.getOr count 0 slow) 2 "a slow request has loaded the second increment"
                use! onPromoted = replica.Connect()
                failOver (RedisDriver.create onPromoted)

                let! now = counted header registry
                Expect.equal now 1 "the increment that was not replicated is lost"
                let! gone = SessionRegistry.load "web" (cookieOf lost) none registry
                Expect.equal (Session.status gone) SessionStatus.Expired "so is the session that was not"
                let! merged = SessionRegistry.commit (Session.set note "late" slow) none registry

                Expect.equal
                    (Session.getOr count 0 merged.Session, Session.tryGet note merged.Session)
                    (1, Some "late")
                    "the slow write does not pass for a fresh one: it is merged onto what is there"

                let! next = update header increment registry
                Expect.equal (Session.getOr count 0 next.Session) 2 "and it goes on from there"
            })

[<Tests>]
let tests = testList "Faults on Redis" [ answerLost; killed; hangs; promoted ]
