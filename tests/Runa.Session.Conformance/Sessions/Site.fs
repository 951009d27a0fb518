namespace Runa.Session.Conformance

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Runa.Session

/// The cookies of one browser.
[<Sealed>]
type internal Browser(jar: Map<string, string>) =
    let mutable jar = jar

    let isTaken (attributes: string[]) =
        attributes
        |> Array.exists (fun attribute ->
            let attribute = attribute.Trim().ToLowerInvariant()
            attribute = "max-age=0" || attribute.StartsWith "expires=thu, 01 jan 1970")

    new() = Browser Map.empty

    /// The raw Cookie header.
    member _.Header: string option =
        if jar.IsEmpty then
            None
        else
            Some(String.Join("; ", [ for KeyValue(name, value) in jar -> $"{name}={value}" ]))

    member _.Values: string list = [ for KeyValue(_, value) in jar -> value ]

    /// Set-Cookie headers, in their order.
    member _.Receive(setCookies: string list) : unit =
        for setCookie in setCookies do
            let parts = setCookie.Split ';'
            let at = parts[0].IndexOf '='
            let name = parts[0].Substring(0, at)

            if isTaken (Array.tail parts) then
                jar <- jar.Remove name
            else
                jar <- jar.Add(name, parts[0].Substring(at + 1))

    /// Another browser with the same cookies: a second tab whose requests overlap, or a thief.
    member _.Copy() : Browser = Browser jar

/// An application on the driver: a registry, and what its browsers do.
[<Sealed>]
type internal Site
    (
        driver: SessionDriver,
        clock: TimeProvider,
        application: string,
        secrets: string list,
        change: SessionSettings -> SessionSettings
    ) =
    let watched =
        { driver with
            // A touch that the registry does not wait for would make the next request's answer a matter of luck.
            Place = (if driver.Place.IsStore then DriverPlace.Process else driver.Place)
            // The registry would purge what other tests stored, by the clock of this one.
            PurgeExpired = fun _ -> ValueTask<int> 0 }

    let settings (settings: SessionSettings) = change { settings with Driver = "under test" }

    let registry =
        SessionSetup.empty
        |> SessionSetup.driver "under test" watched
        |> SessionSetup.session "web" settings
        |> SessionSetup.session "admin" settings
        |> SessionSetup.secrets secrets
        |> SessionSetup.application application
        |> SessionSetup.timeProvider clock
        |> SessionSetup.storeTimeout (TimeSpan.FromSeconds 30.)
        |> SessionRegistry.create

    /// For the tests in which secrets do not matter.
    static member Secrets = [ "conformance 0123456789 abcdefghijklmnopqrstuvwxyz" ]

    static member NewApplication() : string = $"conformance-{Guid.NewGuid():N}"

    member _.Registry = registry

    member _.LoadAs (name: string) (browser: Browser) : Task<Session> =
        SessionRegistry.load name browser.Header CancellationToken.None registry

    member site.Load(browser: Browser) : Task<Session> = site.LoadAs "web" browser

    /// A request with a pure step.
    member _.Step (browser: Browser) (step: Session -> Session) : Task<Session> =
        task {
            let! committed = SessionRegistry.update "web" browser.Header step CancellationToken.None registry
            browser.Receive committed.Cookies
            return committed.Session
        }

    /// The end of a run-once request that began with Load.
    member _.Commit (browser: Browser) (session: Session) : Task<Session> =
        task {
            let! committed = SessionRegistry.commit session CancellationToken.None registry
            browser.Receive committed.Cookies
            return committed.Session
        }

    member _.RevokeOwner(owner: string) : Task<int> =
        SessionRegistry.revokeOwner "web" owner CancellationToken.None registry

    member _.ForOwner(owner: string) : Task<OwnedSession list> =
        SessionRegistry.forOwner "web" owner CancellationToken.None registry

    /// Where the browser's session is stored.
    member site.KeyOf(browser: Browser) : Task<StoreKey> =
        task {
            let! session = site.Load browser

            return
                SessionRegistry.handle session
                |> Option.bind StoreKey.ofText
                |> Option.defaultWith (fun () -> failwith "There is no session.")
        }

    interface IDisposable with
        member _.Dispose() = (registry :> IDisposable).Dispose()

module internal Sites =
    /// With an idle timeout of 20 minutes, where the driver can have one.
    let settings (bench: Bench) (settings: SessionSettings) : SessionSettings =
        if bench.Driver.Place.IsCookie then
            settings
        else
            { settings with IdleTimeout = Some(TimeSpan.FromMinutes 20.) }

    let start (bench: Bench) : Site =
        new Site(bench.Driver, bench.Clock, Site.NewApplication(), Site.Secrets, settings bench)

    /// One application in as many processes as the driver guarantees something for.
    let startSeveral (bench: Bench) : Task<Site list> =
        task {
            let! drivers = bench.OpenWriters()
            let application = Site.NewApplication()

            return
                [ for driver in drivers ->
                      bench.Own(new Site(driver, bench.Clock, application, Site.Secrets, settings bench)) ]
        }

    let visits = SessionKey.create<int> "visits"
    let text = SessionKey.create<string> "text"
    let notice = SessionKey.create<string> "notice"

    let increment (session: Session) : Session = Session.update visits 0 (fun count -> count + 1) session

    let isAlive (site: Site) (browser: Browser) : Task<bool> =
        task {
            let! session = site.Load browser
            return Session.status session = SessionStatus.Active
        }

    let signedIn (site: Site) (owner: string) : Task<Browser> =
        task {
            let browser = Browser()
            let! _ = site.Step browser (Session.signIn owner)
            return browser
        }

    /// A sign-in that comes after a revocation of the owner. It is refused where the store's answer was under way for longer
    /// than the time between the two, since nobody can tell then which came first. So it comes again, later.
    let signedInAfterwards (site: Site) (owner: string) : Task<Browser> =
        let rec after (gap: TimeSpan) =
            task {
                do! Task.Delay gap
                let began = Stopwatch.GetTimestamp()

                try
                    return! signedIn site owner
                with :? SessionConflictException when Stopwatch.GetElapsedTime began > gap ->
                    return! after (2. * gap)
            }

        after (TimeSpan.FromMilliseconds 4.)

    /// Whether the request ran into another one, and said so.
    let conflicts (work: unit -> Task<'T>) : Task<bool> =
        task {
            try
                let! _ = work ()
                return false
            with :? SessionConflictException ->
                return true
        }
