module Runa.Session.Tests.IssueTests

open System
open System.Threading
open Expecto
open Runa.Session

let private none = CancellationToken.None

let private registry (driver: string) =
    SessionSetup.empty
    |> SessionSetup.session "web" (fun o -> { o with Driver = driver; MaxBytes = 100_000 })
    |> SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
    |> SessionRegistry.create

let private text = SessionKey.create<string> "text"

[<Tests>]
let tests =
    testList
        "SessionRegistry.issue"
        [ for driver, length in [ "memory", 10; "cookie", 10; "cookie", 5_000 ] do
              testCaseTask $"the header is the session, on the driver {driver} with {length} characters" (fun () ->
                  task {
                      use registry = registry driver
                      let content = String('x', length)
                      let! issued = SessionRegistry.issue "web" (Session.set text content) none registry
                      let! session = SessionRegistry.load "web" issued.CookieHeader none registry
                      Expect.equal (Session.tryGet text session) (Some content) "the value"
                      Expect.isFalse ((string issued).Contains(issued.CookieHeader.Value)) "promise 5: not printed"
                  })

          testCaseTask "a step that leaves the session empty is told so" (fun () ->
              task {
                  use registry = registry "memory"
                  let issue () = (SessionRegistry.issue "web" id none registry).GetAwaiter().GetResult() |> ignore
                  let raised = Expect.throwsC issue id
                  Expect.isTrue (raised :? InvalidOperationException) $"{raised}"
                  Expect.stringContains raised.Message "No session \"web\" was issued" "the message"
              })

          testCaseTask "a commit that changes no cookie, or removes it, has no header" (fun () ->
              task {
                  use registry = registry "memory"
                  let! issued = SessionRegistry.issue "web" (Session.set text "a") none registry
                  let! changed = SessionRegistry.update "web" issued.CookieHeader (Session.set text "b") none registry
                  Expect.isNone changed.CookieHeader "changed"
                  let! ended = SessionRegistry.update "web" issued.CookieHeader Session.signOut none registry
                  Expect.isNonEmpty ended.Cookies "the cookie is removed"
                  Expect.isNone ended.CookieHeader "removed"
              }) ]
