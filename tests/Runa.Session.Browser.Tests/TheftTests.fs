/// A copied cookie, in an application whose clock the test moves.
module Runa.Session.Browser.Tests.TheftTests

open System
open System.Threading.Tasks
open Expecto
open Microsoft.AspNetCore.Http
open Microsoft.Playwright
open Runa.Session
open Runa.Session.TestSupport

/// The page of docs/understand/theft.md.
let private showsStatus: HttpHandler =
    readSession "web" (fun session ->
        match Session.status session, Session.owner session with
        | SessionStatus.Taken, _ -> page "Somebody may have used a copy of your cookie, so we ended this session."
        | _, Some owner -> page $"Welcome, {owner}."
        | _, None -> page "Please sign in.")

let private handler: HttpHandler =
    fun next context ->
        match context.Request.Path.Value with
        | "/in" -> withSession "web" (fun session -> Session.signIn "ada" session, page "Signed in.") next context
        | "/" -> showsStatus next context
        | _ -> Task.FromResult None

let private rotating =
    SessionSetup.session "web" (fun o -> { o with Rotate = Some(TimeSpan.FromMinutes 15.); Ttl = TimeSpan.FromDays 1. })

/// The clock begins now, as browsers drop cookies by theirs.
let private inShop (name: string) (visit: App -> IBrowserContext -> IBrowserContext -> Task<unit>) =
    testTask name {
        Chromium.need ()

        let! (app: App) =
            start
                { host handler with
                    Server = Server.Kestrel
                    Setup = rotating
                    Clock = Microsoft.Extensions.Time.Testing.FakeTimeProvider DateTimeOffset.UtcNow }

        use _ = app :> IAsyncDisposable
        let address = $"http://localhost:{app.Address.Port}/"
        let open' () = Chromium.newBrowser (BrowserNewContextOptions(BaseURL = address))
        let! user = open' ()
        let! thief = open' ()
        do! visit app user thief
        do! user.CloseAsync()
        do! thief.CloseAsync()
    }

let private welcome = "Welcome, ada."
let private taken = "Somebody may have used a copy of your cookie, so we ended this session."

let private valueOf (browser: IBrowserContext) : Task<string> =
    task {
        let! cookie = cookieNamed webCookie browser
        return cookie.Value.Value
    }

let tests =
    testList
        "thefts"
        [ inShop
              "promise 29: a copied cookie is refused once the user went on, and the user is told"
              (fun app user thief ->
                  task {
                      let! users = user.NewPageAsync()
                      do! go users "/in"
                      do! copyCookies user thief
                      let! before = valueOf user
                      let! thiefs = thief.NewPageAsync()
                      do! thiefs |> sees welcome
                      app.Clock.Advance(TimeSpan.FromMinutes 15.)
                      do! users |> sees welcome
                      let! after = valueOf user
                      Expect.notEqual after before "the browser has taken the new cookie"
                      do! users |> sees welcome
                      app.Clock.Advance(TimeSpan.FromMinutes 7.)
                      do! thiefs |> sees taken
                      do! users |> sees taken
                      do! go users "/in"
                      do! users |> sees welcome
                      do! thiefs |> sees taken
                  })

          inShop "promise 29: a thief who goes on first is put out by the user, who is told" (fun app user thief ->
              task {
                  let! users = user.NewPageAsync()
                  do! go users "/in"
                  do! copyCookies user thief
                  let! thiefs = thief.NewPageAsync()
                  app.Clock.Advance(TimeSpan.FromMinutes 15.)
                  do! thiefs |> sees welcome
                  do! thiefs |> sees welcome
                  app.Clock.Advance(TimeSpan.FromMinutes 7.)
                  do! users |> sees taken
                  do! thiefs |> sees taken
              }) ]
