module Runa.Session.Tests.AuditLogTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Runa
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/out" >=> updateSession "web" Session.signOut >=> text "out" ]

let private lines (showsOwners: bool) (secrets: string list) (visit: App -> Task<unit>) =
    task {
        let setup = SessionSetup.secrets secrets >> SessionSetup.auditLog showsOwners
        let! app = start { host site with Setup = setup }
        do! visit app
        let logs = app.Logs
        do! (app :> IAsyncDisposable).DisposeAsync()
        return logs.All |> List.filter (fun line -> line.Category = "Runa.Session.Audit")
    }

let private inAndOut (app: App) : Task<unit> =
    task {
        let browser = app.NewBrowser()
        let! _ = browser.Get "/in"
        let! _ = browser.Get "/out"
        ()
    }

let private owners (lines: LogLine list) =
    [ for line in lines ->
          line.Text.Split(", ")
          |> Array.find _.StartsWith("owner ", StringComparison.Ordinal)
          |> fun part -> part.Substring 6 ]

[<Tests>]
let tests =
    testList
        "AuditLog"
        [ testCaseTask
              "promise 5: the owner is a hash, the same for all events, and another under another secret"
              (fun () ->
                  task {
                      let! first = lines false [ secret ] inAndOut
                      let! second = lines false [ "another secret of at least 32 bytes" ] inAndOut

                      Expect.equal
                          [ for line in first -> line.Text.Substring(0, line.Text.IndexOf ':') ]
                          [ "Created"; "SignedIn"; "SignedOut" ]
                          "the events"

                      let hashes = owners first
                      Expect.equal (List.distinct hashes).Length 1 "one hash"
                      Expect.equal hashes.Head.Length 16 "96 bits in base64url"
                      Expect.notEqual hashes.Head (owners second).Head "another secret"

                      for line in first do
                          Expect.isFalse ((line.Text + line.Fields).Contains "ann") "not in clear"
                          Expect.equal line.Level LogLevel.Information "level"
                  })

          testCaseTask "the owner in clear, if the application wants it" (fun () ->
              task {
                  let! lines = lines true [ secret ] inAndOut
                  Expect.equal (List.distinct (owners lines)) [ "ann" ] "in clear"
              })

          testCaseTask "a service that listens and cannot be made does not keep it from being written" (fun () ->
              task {
                  let broken (services: IServiceCollection) =
                      services.AddSingleton<ISessionEvents>(fun (_: IServiceProvider) ->
                          raise (InvalidOperationException "no mail server"): ISessionEvents)
                      |> ignore

                  let! app = start { host site with Setup = SessionSetup.auditLog true; Services = broken }

                  do! inAndOut app
                  let logs = app.Logs
                  do! (app :> IAsyncDisposable).DisposeAsync()
                  let written = logs.All |> List.filter (fun line -> line.Category = "Runa.Session.Audit")
                  Expect.hasLength written 3 "written"

                  Expect.isTrue
                      (logs.Warnings |> List.exists _.Contains("the first event", StringComparison.Ordinal))
                      "and the failure is told"
              })

          testCaseTask "what is suspicious is a warning" (fun () ->
              task {
                  let! lines =
                      lines false [ secret ] (fun app ->
                          task {
                              let browser = app.NewBrowser()
                              let! _ = browser.Get "/in"
                              let name, token = Seq.head (Map.toSeq browser.Cookies)
                              let other = if token[20] = 'A' then "B" else "A"
                              browser.SetCookie(name, token.Remove(20, 1).Insert(20, other))
                              let! _ = browser.Get "/out"
                              ()
                          })

                  let last = List.last lines
                  Expect.stringStarts last.Text "ForgedToken: session web, driver memory, owner (null)" "the last line"
                  Expect.equal last.Level LogLevel.Warning "level"
              }) ]
