/// What an operator sees while a store is down, and during a flood: metrics, health, events and the inspector together.
module Runa.Session.Tests.OperatorTests

open System
open System.Collections.Concurrent
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Measured

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann" >> Session.set visits 0) >=> text "in"
          route "/count" >=> updateSession "web" (Session.update visits 0 ((+) 1)) >=> text "counted"
          route "/who"
          >=> readSession "web" (fun session ->
              let owner = Session.owner session |> Option.defaultValue "nobody"
              text $"{owner} {Session.getOr visits 0 session}") ]

/// An application as an operator runs it.
type private Watched =
    { App: App
      Meters: Meters
      Heard: ConcurrentQueue<SessionEvent> }

    member watched.Sum(instrument: string) = watched.Meters.Named instrument |> List.sumBy _.Value

    /// What an observable instrument says of the driver "store", by outcome.
    member watched.Of(instrument: string) : Map<string, float> =
        Map
            [ for it in watched.Meters.Observed instrument do
                  if it.Tags["driver"] = "store" then
                      Map.tryFind "outcome" it.Tags |> Option.defaultValue "", it.Value ]

    member watched.Told(kind: SessionEventKind) = watched.Heard |> Seq.filter (fun event -> event.Kind = kind)

    interface IAsyncDisposable with
        member watched.DisposeAsync() =
            (watched.Meters :> IDisposable).Dispose()
            (watched.App :> IAsyncDisposable).DisposeAsync()

let private watched (driverOf: TimeProvider -> SessionDriver) : Task<Watched> =
    let heard = ConcurrentQueue<SessionEvent>()

    let listen (event: SessionEvent) (_: CancellationToken) =
        heard.Enqueue event
        ValueTask()

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
        SessionSetup.driver "store" (driverOf host.Clock)
        >> SessionSetup.session "web" (fun o -> { o with Driver = "store" })
        >> SessionSetup.events listen

    task {
        let! app =
            start
                { host with
                    Server = Server.Kestrel
                    Environment = "Development"
                    Services = services
                    Pipeline = pipeline
                    Setup = setup }

        return { App = app; Meters = Meters.Of app; Heard = heard }
    }

let private get (browser: Browser) (path: string) =
    task {
        let! answer = browser.Get path
        return answer.Status, answer.Body
    }

let private outage =
    testCaseTask
        "promise 14: an outage: requests fail, and health, metrics and the inspector say so; then nothing is lost"
        (fun () ->
            task {
                let mutable isDown = false

                let driver clock =
                    (TestDriver(memory clock, (fun _ -> if isDown then Behaviour.FailBefore else Behaviour.Pass)))
                        .Driver

                use! watched = watched driver
                let browser = watched.App.NewBrowser()
                let! _ = browser.Get "/in"
                let! _ = browser.Get "/count"
                let! health = get browser "/health"
                Expect.equal health (200, "Healthy") "before"

                isDown <- true
                let! status, body = get browser "/count"
                Expect.equal status 500 "a change fails"
                Expect.stringContains body "SessionStoreException" "and says why"
                let! status, _ = get browser "/who"
                Expect.equal status 500 "a read fails, instead of an empty session"
                let stranger = watched.App.NewBrowser()
                let! status, _ = get stranger "/in"
                Expect.equal status 500 "nobody can sign in"
                Expect.isEmpty stranger.Cookies "nor gets a cookie"
                let! status, body = get browser "/health"
                Expect.equal (status, body) (503, "Unhealthy") "health"
                Expect.isGreaterThanOrEqual (watched.Sum "store_failures") 3. "store_failures"
                let! status, page = get browser "/_sessions"
                Expect.equal status 200 "the inspector needs no store"
                Expect.stringContains page "store" "it names the driver"
                let! _, json = get browser "/_sessions?format=json"
                Expect.stringContains
                    json
                    "\"name\":\"store\",\"is_store\":true,\"is_up\":false"
                    "and says that it is down"

                isDown <- false
                let! health = get browser "/health"
                Expect.equal health (200, "Healthy") "after"
                let! who = get browser "/who"
                Expect.equal who (200, "ann 1") "nothing that was answered is lost, and nothing else was stored"
                let! _ = browser.Get "/count"
                let! who = get browser "/who"
                Expect.equal who (200, "ann 2") "it goes on"
                do! HostedRegistry.settle CancellationToken.None watched.App.Registry
                Expect.hasLength
                    (watched.Told SessionEventKind.Created)
                    1
                    "nobody is told of a session that was not stored"
                Expect.hasLength (watched.Told SessionEventKind.SignedIn) 1 "nor of a sign-in"
            })

/// Tokens of the right form that no secret of the application has signed.
let private forged (app: App) : Browser =
    let browser = app.NewBrowser()
    let token =
        Buffers.Text.Base64Url.EncodeToString(
            ReadOnlySpan(Array.append [| 1uy |] (Random.Shared.GetItems([| 0uy .. 255uy |], 50)))
        )
    browser.SetCookie("__Host-runa_session", token)
    browser

let private flood =
    testCaseTask
        "promise 26: a flood of strangers and forged tokens: a signed-in user stays, and an operator sees it"
        (fun () ->
            task {
                let driver clock =
                    MemoryDriver.create { MemoryDriver.defaults with TimeProvider = clock; MaxSessions = 100 }

                use! watched = watched driver
                let user = watched.App.NewBrowser()
                let! _ = user.Get "/in"

                for n in 1..2_000 do
                    let! _ = watched.App.NewBrowser().Get "/count"

                    if n % 10 = 0 then
                        let! _ = (forged watched.App).Get "/who"
                        let! _ = user.Get "/count"
                        ()

                let! who = get user "/who"
                Expect.equal who (200, "ann 200") "the user was never signed out, and lost no update"
                Expect.equal (watched.Sum "foreign_tokens") 200. "foreign_tokens"
                Expect.equal (watched.Sum "created") 2_001. "created"
                let evicted, held = watched.Of "evicted", watched.Of "memory.sessions"
                Expect.equal (evicted |> Map.tryFind "signed_in") (Some 0.) "nobody who is signed in was evicted"
                Expect.equal (evicted["visitor"] + held[""]) 2_001. "all others were evicted, or are held"
                Expect.isTrue (held[""] > 50. && held[""] <= 100.) $"the store is full: {held}"
                let! _, json = get user "/_sessions?format=json"
                Expect.stringContains json "ForgedToken" "the inspector shows the event"
                use document = JsonDocument.Parse json
                let rates = document.RootElement.GetProperty "rates"
                let charted (name: string) =
                    [ for number in (rates.GetProperty name).EnumerateArray() -> number.GetDouble() ] |> List.sum
                Expect.equal (charted "foreign_tokens") 200. "the inspector charts foreign tokens"
                Expect.equal (charted "created") 2_001. "what was created"
                Expect.equal (charted "evicted") evicted["visitor"] "and what was evicted"
                let! _, page = get user "/_sessions"
                Expect.stringContains page "foreign tokens: 200 in the last 10 minutes" "on its page, too"
                let! health = get user "/health"
                Expect.equal health (200, "Healthy") "a full store is no failure"
                do! HostedRegistry.settle CancellationToken.None watched.App.Registry
                let told = watched.Told SessionEventKind.ForgedToken |> List.ofSeq
                Expect.equal (told |> List.sumBy _.Count) 200 "every forged token is told"
                Expect.isLessThan told.Length 100 "in few events"
            })

[<Tests>]
let tests = testList "Operator" [ outage; flood ]
