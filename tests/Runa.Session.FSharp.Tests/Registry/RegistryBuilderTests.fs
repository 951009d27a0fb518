module Runa.Session.Tests.RegistryBuilderTests

open System
open Expecto
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests.Registries

let private settings (name: string) (setup: SessionSetup) : SessionSettings =
    use registry = build setup
    (registry.Find name).Definition.Settings

/// The log of a registry: what its lines say.
type private Lines() =
    let lines = ResizeArray<string>()
    member _.All = List.ofSeq lines

    interface ILoggerFactory with
        member _.AddProvider _ = ()
        member _.Dispose() = ()

        member this.CreateLogger _ =
            { new ILogger with
                member _.IsEnabled _ = true
                member _.BeginScope _ = null

                member _.Log(level, _, state, error, formatter) = lines.Add $"{level}: {formatter.Invoke(state, error)}" }

let private noHost isDevelopment (lines: Lines) (parts: SetupParts) : HostFacts =
    { RegistryBuilder.noHost parts with IsDevelopment = isDevelopment; Loggers = lines }

[<Tests>]
let tests =
    testList
        "RegistryBuilder"
        [ test "what code sets wins over the configuration, and that over the defaults" {
              let values = [ "session:sessions:web:ttl", "1h"; "session:sessions:web:max_bytes", "1000" ]
              let code = SessionSetup.session "web" (fun o -> { o with Ttl = o.Ttl + TimeSpan.FromHours 4. })

              for setup in [ setup |> configured values |> code; setup |> code |> configured values ] do
                  let web = settings "web" setup
                  Expect.equal web.Ttl (TimeSpan.FromHours 5.) "code sees the configuration, and wins"
                  Expect.equal web.MaxBytes 1000 "configuration"
                  Expect.equal web.MaxTtl (TimeSpan.FromDays 30.) "default"
          }

          test "later changes of one session see the earlier ones" {
              let twice = SessionSetup.session "web" (fun o -> { o with MaxBytes = o.MaxBytes + 1 })
              Expect.equal (setup |> twice |> twice |> settings "web").MaxBytes 65_538 "both"
          }

          test "the defaults are those of the design" {
              use registry = build setup
              Expect.equal (SessionRegistry.info registry |> List.map _.Name) [ "web"; "admin"; "api" ] "names"
              let web = (registry.Find "web").Definition.Settings
              Expect.equal (web.CookieName, web.Driver, web.CookiePath) ("__Host-runa_session", "memory", "/") "cookie"
              Expect.equal
                  (registry.Find "admin").Definition.Settings.CookieName
                  "__Host-runa_admin_session"
                  "the others"
              Expect.equal
                  (web.HttpOnly, web.Secure, web.SameSite, web.Persistent)
                  (true, CookieSecure.Always, SameSite.Lax, true)
                  "attributes"
              Expect.equal
                  (web.Ttl, web.MaxTtl, web.IdleTimeout, web.MaxBytes)
                  (TimeSpan.FromHours 2., TimeSpan.FromDays 30., None, 65_536)
                  "life"
          }

          test "† promise 23: no secret starts in Development only, with a random key and one warning" {
              let bare = SessionSetup.empty |> SessionSetup.secrets []
              use lines = new Lines()
              use registry = RegistryBuilder.build bare (noHost true lines)
              let text = (registry.Find "web").Definition.Token.Create().Text
              let warnings = lines.All |> List.filter _.Contains("No secret is set")
              Expect.hasLength warnings 1 "one warning"
              Expect.stringContains warnings[0] "RUNA_SECRET" "what to set"
              use other = RegistryBuilder.build bare (noHost true lines)

              match (other.Find "web").Definition.Token.Read(text.AsSpan()) with
              | TokenReading.Foreign -> ()
              | _ -> failtest "the key is not random"

              let production () = RegistryBuilder.build bare (noHost false lines) |> ignore
              Expect.throwsT<SessionConfigurationException> production "outside Development"
              let weak () = RegistryBuilder.build (SessionSetup.secrets [ "weak" ] bare) (noHost true lines) |> ignore
              Expect.throwsT<SessionConfigurationException> weak "a weak one is wrong in Development too"
          }

          test "promise 24: a null among the secrets is refused, and said to be one" {
              let missing: string = Unchecked.defaultof<string>

              Expect.throwsC (fun () -> setup |> SessionSetup.secrets [ secret; missing ] |> ignore) (fun e ->
                  Expect.isTrue (e :? ArgumentException) "which error"
                  Expect.stringContains e.Message "One of the secrets is null" "why")
          }

          test "the time limit of a store call is more than zero, and a day at most" {
              for limit in [ TimeSpan.Zero; TimeSpan.FromDays 1. + TimeSpan.FromTicks 1L; TimeSpan.MaxValue ] do
                  Expect.throwsC (fun () -> setup |> SessionSetup.storeTimeout limit |> ignore) (fun e ->
                      Expect.isTrue (e :? ArgumentOutOfRangeException) "which error"
                      Expect.stringContains e.Message "one day at most" "what is allowed")

              use registry = setup |> SessionSetup.storeTimeout (TimeSpan.FromDays 1.) |> build
              Expect.equal (registry.Find "web").Definition.StoreTimeout (TimeSpan.FromDays 1.) "a day"
          }

          test "promise 2: the application's name is in its tokens, unless the session is shared" {
              let shared =
                  SessionSetup.session "shop" (fun o ->
                      { o with CookieName = "shop"; CookieDomain = Some "example.com"; Shared = true })

              use one = setup |> shared |> SessionSetup.application "one" |> build
              use other = setup |> shared |> SessionSetup.application "other" |> build

              let isGood name =
                  let text = (one.Find name).Definition.Token.Create().Text

                  match (other.Find name).Definition.Token.Read(text.AsSpan()) with
                  | TokenReading.Genuine _ -> true
                  | _ -> false

              Expect.isFalse (isGood "web") "its own"
              Expect.isTrue (isGood "shop") "shared"
              Expect.equal
                  (one.Find "shop").Definition.Scope
                  (other.Find "shop").Definition.Scope
                  "the scope of shared records"
              Expect.notEqual (one.Find "web").Definition.Scope (other.Find "web").Definition.Scope "and of the others"
          }

          test "the clock of the setup is that of the sessions" {
              let clock = FakeTimeProvider(DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
              use registry = setup |> SessionSetup.timeProvider clock |> build
              clock.Advance(TimeSpan.FromHours 1.)
              Expect.equal (registry.Find "web").Definition.Now (clock.GetUtcNow()) "its time"
          }

          test "a driver of the setup is the caller's to dispose, one made by the registry is its own" {
              let mutable disposed = []

              let driver name =
                  MemoryDriver.create MemoryDriver.defaults
                  |> SessionDriver.withDispose (fun () ->
                      disposed <- name :: disposed
                      Threading.Tasks.ValueTask())

              let use' driver name = SessionSetup.session name (fun o -> { o with Driver = driver })

              let registry =
                  setup
                  |> SessionSetup.driver "theirs" (driver "theirs")
                  |> SessionSetup.driverFrom "ours" (fun _ -> driver "ours")
                  |> use' "theirs" "web"
                  |> use' "ours" "admin"
                  |> build

              (registry :> IDisposable).Dispose()
              Expect.equal disposed [ "ours" ] "ours alone"
          } ]
