module Runa.Session.Tests.RegistryDriversTests

open System
open System.Collections.Generic
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Caching.Distributed
open Microsoft.Extensions.Caching.Memory
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Options
open Runa.Session
open Runa.Session.TestSupport

let private secret = "0123456789abcdefghijklmnopqrstuvwxyz"
let private setup = SessionSetup.empty |> SessionSetup.secrets [ secret ]

let private driven (driver: string) = SessionSetup.session "web" (fun o -> { o with Driver = driver })

let private errors (setup: SessionSetup) : string list =
    try
        use _ = SessionRegistry.create setup
        failtest "it started"
    with :? SessionConfigurationException as e ->
        List.ofSeq e.Errors

let private mistake (parts: string list) (errors: string list) =
    let error = List.exactlyOne errors

    for part in parts do
        Expect.stringContains error part "the mistake"

let private cache () = new MemoryDistributedCache(Options.Create(MemoryDistributedCacheOptions()))

/// A host with these services and this configuration of the session "web".
let private hosted (register: IServiceCollection -> unit) (driver: string) : SessionRegistry =
    let pairs = [ KeyValuePair<string, string | null>("session:sessions:web:driver", driver) ]
    let configuration = ConfigurationBuilder().AddInMemoryCollection(pairs).Build()
    let services = ServiceCollection()
    register services
    services.AddRunaSession(configuration, SessionSetup.secrets [ secret ]) |> ignore
    services.BuildServiceProvider().GetRequiredService<SessionRegistry>()

let private hostedErrors register driver =
    try
        use _ = hosted register driver
        failtest "it started"
    with :? SessionConfigurationException as e ->
        List.ofSeq e.Errors

let private roundTrip (registry: SessionRegistry) : Task<unit> =
    task {
        let none = Threading.CancellationToken.None
        let key = SessionKey.create<int> "count"
        let! session = SessionRegistry.load "web" None none registry
        let! committed = SessionRegistry.commit (Session.set key 7 session) none registry
        let header = (List.exactlyOne committed.Cookies).Split(';')[0]
        let! found = SessionRegistry.load "web" (Some header) none registry
        Expect.equal (Session.tryGet key found) (Some 7) "stored and found"
    }

[<Tests>]
let tests =
    testList
        "RegistryDrivers"
        [ test
              "promise 23: an idle timeout with the driver cookie is a startup error, whatever name it is registered under" {
              for name, registered in
                  [ "cookie", setup; "sealed", setup |> SessionSetup.driver "sealed" (CookieDriver.create ()) ] do
                  registered
                  |> SessionSetup.session "web" (fun o ->
                      { o with Driver = name; IdleTimeout = Some(TimeSpan.FromMinutes 10.) })
                  |> errors
                  |> mistake [ "session \"web\""; "idle_timeout"; $"\"{name}\"" ]
          }

          test "promise 23: a cookie called like a piece of another is a startup error" {
              setup
              |> SessionSetup.session "web" (fun o -> { o with Driver = "cookie"; CookieName = "sid" })
              |> SessionSetup.session "admin" (fun o -> { o with CookieName = "sidC2" })
              |> errors
              |> mistake [ "\"web\" and \"admin\""; "sidC2"; "a long cookie sid is split into pieces" ]
          }

          test "promise 23: a path that leaves no room in a piece is a startup error" {
              setup
              |> SessionSetup.session "web" (fun o ->
                  { o with Driver = "cookie"; CookieName = "sid"; CookiePath = "/" + String('p', 1_024) })
              |> errors
              |> mistake [ "session \"web\""; "cookie_path"; "1025"; "1024" ]
          }

          test "promise 23: mistakes of drivers are told beside all others" {
              let wrong =
                  setup
                  |> SessionSetup.session "web" (fun o ->
                      { o with Driver = "cookie"; IdleTimeout = Some(TimeSpan.FromMinutes 10.) })
                  |> SessionSetup.session "admin" (fun o -> { o with Driver = "cache" })
                  |> SessionSetup.session "api" (fun o -> { o with Driver = "memry"; Ttl = TimeSpan.Zero })
                  |> errors

              for parts in
                  [ [ "session \"web\""; "idle_timeout" ]
                    [ "session \"admin\""; "driver = \"cache\""; "no IDistributedCache is registered" ]
                    [ "session \"api\""; "driver = \"memry\""; "Did you mean \"memory\"?"; "cache:<name>" ]
                    [ "session \"api\""; "ttl" ] ] do
                  Expect.exists wrong (fun error -> parts |> List.forall error.Contains) $"%A{parts}"

              Expect.hasLength wrong 4 "and nothing else"
          }

          test "sealed = true is allowed with the driver cookie, which always seals" {
              use registry =
                  setup
                  |> SessionSetup.session "web" (fun o -> { o with Driver = "cookie"; Sealed = true })
                  |> SessionRegistry.create

              (roundTrip registry).GetAwaiter().GetResult()
          }

          testCaseTask "the driver cookie is chosen by a word of configuration" (fun () ->
              task {
                  use registry = hosted ignore "cookie"
                  do! roundTrip registry
                  Expect.isTrue (registry.Find "web").Definition.Seal.IsSome "in its cookie"
              })

          testCaseTask "the driver cache takes the host's IDistributedCache, by a word of configuration" (fun () ->
              task {
                  use registry = hosted (fun services -> services.AddDistributedMemoryCache() |> ignore) "cache"
                  do! roundTrip registry
                  Expect.equal (registry.Find "web").Definition.Driver.Name "cache" "driver"
              })

          testCaseTask "the driver cache:orders takes the keyed service of this name, and no other" (fun () ->
              task {
                  let watched = cache ()
                  let asked = List<string>()

                  let orders =
                      { new IDistributedCache with
                          member _.Get key = (watched :> IDistributedCache).Get key

                          member _.GetAsync(key, token) =
                              asked.Add key
                              watched.GetAsync(key, token)

                          member _.Set(key, value, options) = watched.Set(key, value, options)
                          member _.SetAsync(key, value, options, token) = watched.SetAsync(key, value, options, token)
                          member _.Refresh key = watched.Refresh key
                          member _.RefreshAsync(key, token) = watched.RefreshAsync(key, token)
                          member _.Remove key = watched.Remove key
                          member _.RemoveAsync(key, token) = watched.RemoveAsync(key, token) }

                  use registry =
                      hosted
                          (fun services ->
                              services.AddDistributedMemoryCache() |> ignore
                              services.AddKeyedSingleton<IDistributedCache>("orders", orders) |> ignore)
                          "cache:orders"

                  do! roundTrip registry
                  Expect.isNonEmpty asked "it was asked"
                  Expect.all asked _.StartsWith("runa:") "the prefix"
              })

          test
              "promise 23: without a cache, or without one of this name, the app does not start and is told what to register" {
              hostedErrors ignore "cache"
              |> mistake
                  [ "session \"web\": driver = \"cache\""; "AddStackExchangeRedisCache"; "AddDistributedMemoryCache" ]

              hostedErrors (fun services -> services.AddDistributedMemoryCache() |> ignore) "cache:orders"
              |> mistake
                  [ "session \"web\": driver = \"cache:orders\""
                    "keyed service \"orders\""
                    "AddKeyedSingleton<IDistributedCache>(\"orders\"" ]

              errors (setup |> driven "cache:orders") |> mistake [ "keyed service \"orders\"" ]
              errors (setup |> driven "cache:") |> mistake [ "there is no such driver" ]
              errors (setup |> driven "redis:orders") |> mistake [ "there is no such driver" ]
          }

          test
              "promise 23: the driver redis, which is in a package of its own, is told with the package until it is registered" {
              let package = "Add the package Runa.Session.Redis, and register its driver \"redis\""

              for name in [ "redis"; "Redis"; "redsi" ] do
                  errors (setup |> driven name)
                  |> mistake [ "session \"web\""; $"driver = \"{name}\""; package; "AddRedisDriver" ]

              let registered =
                  setup |> SessionSetup.driver "redis" (MemoryDriver.create ()) |> driven "redsi" |> errors
              registered |> mistake [ "Did you mean \"redis\"?" ]
              Expect.isFalse ((List.exactlyOne registered).Contains package) "it is there"
              Expect.isFalse ((List.exactlyOne (errors (setup |> driven "memry"))).Contains package) "another is meant"
          }

          test "a driver that the setup registers is warned of, if no session uses it" {
              let warnings (setup: SessionSetup) : string list =
                  use logs = new Logs()
                  use factory = LoggerFactory.Create(fun builder -> builder.AddProvider logs |> ignore)
                  use _ = setup |> SessionSetup.loggerFactory factory |> SessionRegistry.create
                  logs.Warnings

              let sql = setup |> SessionSetup.driver "sql" (MemoryDriver.create ())
              Expect.hasLength (warnings sql) 1 "one line"
              Expect.stringStarts
                  (List.exactlyOne (warnings sql))
                  "The driver \"sql\" is registered, but no session uses it."
                  "the line"
              Expect.isEmpty (warnings (sql |> driven "sql")) "used"
              Expect.isEmpty (warnings setup) "those that the library brings need no session"

              let both = sql |> SessionSetup.driver "shop" (MemoryDriver.create ())
              Expect.hasLength (warnings (both |> driven "sql")) 1 "only the other"
          }

          test "a driver that is registered under a name with a colon is taken as it is" {
              let setup = setup |> SessionSetup.driver "cache:own" (MemoryDriver.create ()) |> driven "cache:own"
              use registry = SessionRegistry.create setup
              Expect.equal (registry.Find "web").Definition.Driver.Name "memory" "the registered one"
          }

          test "drivers that were made are disposed when the app does not start" {
              let mutable disposed = 0

              let made =
                  MemoryDriver.create ()
                  |> SessionDriver.withDispose (fun () ->
                      disposed <- disposed + 1
                      ValueTask())

              setup
              |> SessionSetup.driverFrom "made" (fun _ -> made)
              |> driven "made"
              |> SessionSetup.session "api" (fun o -> { o with Driver = "nowhere" })
              |> errors
              |> mistake [ "\"nowhere\"" ]

              Expect.equal disposed 1 "times"
          }

          test "what a driver's maker raises is raised where nothing else is wrong, and follows what is wrong otherwise" {
              let broken =
                  setup
                  |> SessionSetup.driverFrom "broken" (fun _ -> raise (TimeoutException "no server"))
                  |> driven "broken"
              Expect.throwsT<TimeoutException>
                  (fun () -> (SessionRegistry.create broken :> IDisposable).Dispose())
                  "alone"

              broken
              |> SessionSetup.session "api" (fun o -> { o with Ttl = TimeSpan.Zero })
              |> errors
              |> mistake [ "session \"api\""; "ttl" ]
          } ]
