/// Every way of writing a response, behind a session that has something to save.
module Runa.Session.TestSupport.Scenarios.WritingScenarios

open System.Net.Http
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.TestSupport.Scenarios.BodyWays

let private stored (flavour: Flavour) (server: Server) =
    task {
        use! app = flavour.Start { Flavour.site (handler flavour) with Server = server }

        do!
            each (fun name verb path status body ->
                task {
                    let browser = app.NewBrowser()
                    let! answer = browser.Send(verb, path)
                    Expect.equal answer.Status status $"{name}: the status"

                    // The server in memory sends a body to HEAD.
                    if verb = HttpMethod.Get || server = Server.Kestrel then
                        Expect.equal answer.Body body $"{name}: the body"

                    Expect.equal (List.length answer.SetCookies) 1 $"{name}: one cookie"
                    let! shown = browser.Get "/shown"
                    Expect.equal shown.Body "1" $"{name}: stored"
                    let! again = browser.Send(verb, path)
                    Expect.equal again.SetCookies [] $"{name}: a change of an existing session sends no cookie"
                    let! shown = browser.Get "/shown"
                    Expect.equal shown.Body "2" $"{name}: stored again"
                })
    }

let private failing (flavour: Flavour) (server: Server) =
    task {
        let site = { Flavour.site (handler flavour) with Server = server }
        let driver = TestDriver.Failing(site.Driver, [ StoreOperation.Create; StoreOperation.Replace ])
        use! app = flavour.Start { site with Driver = driver.Driver }

        do!
            each (fun name verb path _ _ ->
                task {
                    let! answer = app.NewBrowser().Send(verb, path)
                    Expect.equal answer.Status 503 $"{name}: an error"
                    Expect.equal answer.SetCookies [] $"{name}: no cookie"

                    if verb = HttpMethod.Get then
                        expectError "SessionStoreException" $"{name}: the whole body" answer
                })
    }

let scenarios (flavour: Flavour) : Test =
    testList
        "writing"
        [ onBoth "promise 13, 20: every way of writing a response stores first, and sends one cookie" (stored flavour)
          onBoth
              "promise 13, 14: when the store fails nothing of the body leaves, in any way of writing it"
              (failing flavour) ]
