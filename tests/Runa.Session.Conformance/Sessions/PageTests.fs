/// Sessions of an owner, page by page, and sessions that are issued outside a request.
module internal Runa.Session.Conformance.PageTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

let tests (under: DriverUnderTest) : Test =
    testList
        "pages"
        [ Bench.test
              under
              [ Need.Owners ]
              "promise 27: the pages of an owner's sessions have each of them once, and nobody else's"
          <| fun bench ->
              task {
                  use site = start bench
                  let browsers = Array.init 230 (fun _ -> Browser())

                  do!
                      Crowd.run browsers.Length (fun n ->
                          task {
                              let! _ = site.Step browsers[n] (Session.signIn (if n % 10 = 0 then "bob" else "alice"))
                              ()
                          })

                  let found = ResizeArray()
                  let mutable from = None
                  let mutable isLast = false
                  let mutable pages = 0

                  while not isLast do
                      let! page = SessionRegistry.forOwnerPage "web" "alice" from CancellationToken.None site.Registry
                      found.AddRange page.Items
                      from <- page.Next
                      isLast <- from.IsNone
                      pages <- pages + 1
                      (pages, 1_000) |> Expect.isLessThan "it ends"

                  let handles = found |> Seq.map _.Handle |> Seq.distinct |> Seq.length
                  (found.Count, handles) |> Expect.equal "alice's" (207, 207)
                  let! all = site.ForOwner "alice"
                  all
                  |> List.map _.Handle
                  |> List.sort
                  |> Expect.equal "as the whole list" (found |> Seq.map _.Handle |> List.ofSeq |> List.sort)
              }

          Bench.test
              under
              [ Need.Owners ]
              "promise 27: a text that no page ended with is the caller's mistake, not a failure of the store"
          <| fun bench ->
              task {
                  use site = start bench
                  let! _ = site.Step (Browser()) (Session.signIn "alice")

                  let! error =
                      task {
                          try
                              let from = Some "not a place"
                              let! _ =
                                  SessionRegistry.forOwnerPage "web" "alice" from CancellationToken.None site.Registry
                              return failtest "a page"
                          with :? ArgumentException as e ->
                              return e
                      }

                  error.ParamName |> Expect.equal "of this argument" "next"
                  error.Message |> Expect.stringContains "what to pass" "Pass the Next of the page before"
              }

          Bench.test under [ Need.Store ] "a session that is issued is the session of whoever sends its header"
          <| fun bench ->
              task {
                  use site = start bench
                  let! issued =
                      SessionRegistry.issue
                          "web"
                          (Session.signIn "alice" >> Session.set visits 7)
                          CancellationToken.None
                          site.Registry
                  let! session = SessionRegistry.load "web" issued.CookieHeader CancellationToken.None site.Registry
                  (Session.owner session, Session.tryGet visits session)
                  |> Expect.equal "alice's" (Some "alice", Some 7)
              } ]
