/// Handlers of the type HttpContext -> Task, while another request of the same browser is quicker.
module Runa.Session.Tests.PlainConflictTests

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.AspNetCore.Http
open Runa.Session
open Sample.Sessions
open Runa.Session.TestSupport
open Runa.Session.TestSupport.SampleHost
open Runa.Session.Tests.PlainHandlers

/// A request for /rival by a browser that has a session, and what another request of the same browser does meanwhile.
let private against before act (handler: Rival -> Handler) (check: Browser -> Answer -> Task<unit>) : Task<unit> =
    let rival = Rival()

    inMemory [ "/rival", handler rival ] (fun _ browser ->
        task {
            let! _ = browser.Get before
            let other = browser.Copy()
            rival.Act <- fun () -> other.Get act
            let! answer = browser.Get "/rival"
            return! check browser answer
        })

let private keeping (rival: Rival) : Handler =
    text "saved"
    |> updateSession "web" (fun session ->
        rival.Interfere()
        Session.set note "kept" session)

let private keepingOnce (rival: Rival) : Handler =
    withSessionTask "web" (fun _ session ->
        task {
            rival.Interfere()
            return Session.set note "kept" session, text "saved"
        })

let private keepingByUse (rival: Rival) : Handler =
    useSession "web" (fun context ->
        task {
            rival.Interfere()
            context.SetSession(context.GetSession "web" |> Session.set note "kept")
            do! context.Response.WriteAsync "saved"
        })

let private ways =
    [ "updateSession", keeping; "withSessionTask", keepingOnce; "useSession", keepingByUse ]

[<Tests>]
let tests =
    testList
        "Plain handlers"
        [ testCaseTask
              "promise 12: a step that was overtaken runs again, and the handler of the lost attempt does not"
              (fun () ->
                  let ran = ConcurrentQueue<string>()

                  let stepping (rival: Rival) : Handler =
                      withSession "web" (fun session ->
                          rival.Interfere()
                          let session = count session
                          let n = string (Session.getOr visits 0 session)

                          session,
                          fun context ->
                              ran.Enqueue n
                              text n context)

                  against "/count" "/count" stepping (fun browser answer ->
                      task {
                          expectBody "3" answer
                          Expect.equal (List.ofSeq ran) [ "3" ] "one handler"
                          do! visitAll browser [ "/read", "3" ]
                      }))

          for name, handler in ways do
              testCaseTask $"promise 12: what {name} changes survives a change of another request" (fun () ->
                  against "/count" "/count" handler (fun browser answer ->
                      task {
                          expectBody "saved" answer
                          do! visitAll browser [ "/json", "{\"note\":\"kept\",\"visits\":2}" ]
                      }))

              testCaseTask $"promise 9, 14: {name} raises when its owner signed out meanwhile" (fun () ->
                  against "/login" "/logout" handler (fun browser answer ->
                      task {
                          Expect.stringStarts answer.Body "error page: SessionConflictException" "an error"
                          Expect.equal answer.SetCookies [] "no cookie for a stranger"
                          do! visitAll browser [ "/json", "{}" ]
                      }))

          testCaseTask "promise 9: withOwner sees a sign-out in between" (fun () ->
              let guarded (rival: Rival) : Handler =
                  withOwner "web" (text "sign in") (fun owner session ->
                      rival.Interfere()
                      Session.set note "private" session, text owner)

              against "/login" "/logout" guarded (fun browser answer ->
                  task {
                      expectBody "sign in" answer
                      do! visitAll browser [ "/json", "{}" ]
                  }))

          testCaseTask "promise 9: a visitor's session that was lost meanwhile begins anew, under another id" (fun () ->
              against "/count" "/logout" keeping (fun browser answer ->
                  task {
                      expectBody "saved" answer
                      Expect.equal answer.SetCookies.Length 1 "another id"
                      do! visitAll browser [ "/json", "{\"note\":\"kept\"}" ]
                  })) ]
