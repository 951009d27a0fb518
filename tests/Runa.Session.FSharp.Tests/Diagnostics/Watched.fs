/// An application whose instruments and activities tests look at.
module internal Runa.Session.Tests.Watched

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Measured

let private other = SessionKey.create<string> "other"
/// The same key, of another type.
let private misread = SessionKey.create<int> "other"

let private counting (session: Session) = Session.update visits 0 ((+) 1) session

/// The session's name is the test's own, so that its activities can be told from those of others.
let site (name: string) (rival: Rival) : HttpHandler =
    let register change = updateSession name change >=> text "ok"

    choose
        [ route "/nothing" >=> text "no session"
          route "/set" >=> register counting
          route "/read" >=> readSession name (fun session -> text (string (Session.getOr visits 0 session)))
          route "/sign-in" >=> register (Session.signIn "ann@example.org")
          route "/regenerate" >=> register Session.regenerate
          route "/sign-out" >=> register Session.signOut
          route "/goodbye" >=> register (Session.signOut >> Session.set visits 1)
          route "/other" >=> register (Session.set other "words")
          route "/misread"
          >=> readSession name (fun session -> text (string (Session.tryGet misread session)))
          route "/large" >=> register (Session.set other (String('x', 100_000)))
          route "/raced"
          >=> updateSession name (fun session ->
              rival.Interfere()
              counting session)
          >=> text "ok"
          route "/once"
          >=> withSessionTask name (fun _ session ->
              task {
                  rival.Interfere()
                  return Session.set visits 9 session, text "ok"
              })
          route "/revoke"
          >=> respond (fun context ->
              task {
                  let registry = context.RequestServices.GetRequiredService<SessionRegistry>()
                  let! _ = SessionRegistry.revokeOwner name "ann@example.org" CancellationToken.None registry
                  do! context.Response.WriteAsync "ok"
              })
          route "/revoke-all"
          >=> respond (fun context ->
              task {
                  let registry = context.RequestServices.GetRequiredService<SessionRegistry>()
                  let! _ = SessionRegistry.revokeAll name CancellationToken.None registry
                  do! context.Response.WriteAsync "ok"
              }) ]

type World =
    { Name: string
      Driver: string
      App: App
      Meters: Meters
      Rival: Rival }

    member world.Browser() = world.App.NewBrowser()

    /// What a counter has counted, with the tags that are not the session's and the driver's.
    member world.Counted(name: string) : (string * float) list =
        [ for it in world.Meters.Named name -> (Map.tryFind "outcome" it.Tags |> Option.defaultValue ""), it.Value ]

    interface IAsyncDisposable with
        member world.DisposeAsync() =
            (world.Meters :> IDisposable).Dispose()
            (world.App :> IAsyncDisposable).DisposeAsync()

/// `setup` may give "tested" as a driver of its own.
let worldOf (name: string) (driver: string) (setup: SessionSetup -> SessionSetup) : Task<World> =
    task {
        let rival = Rival()

        let settings (o: SessionSettings) = { o with Driver = driver; MaxBytes = 65_536 }

        let! app =
            start
                { host (site name rival) with
                    Pipeline = errorPage
                    Services = fun services -> services.AddDistributedMemoryCache() |> ignore
                    Setup = SessionSetup.session name settings >> setup }

        return { Name = name; Driver = driver; App = app; Meters = Meters.Of app; Rival = rival }
    }

let world (driver: string) : Task<World> = worldOf $"""w{Guid.NewGuid().ToString "N"}""" driver id

let visit (browser: Browser) (paths: string list) : Task<unit> =
    task {
        for path in paths do
            let! answer = browser.Get path
            Expect.equal answer.Status 200 $"{path}: {answer.Body}"
    }
