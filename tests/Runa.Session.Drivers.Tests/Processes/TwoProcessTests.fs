module Runa.Session.Tests.TwoProcessTests

open System.Threading.Tasks
open Expecto
open Runa.Session.TestSupport
open Runa.Session.Tests.AppProcesses
open Runa.Session.Tests.RedisServers

let private start kind connection =
    task {
        let first = AppProcess.Start(kind, connection)
        let second = AppProcess.Start(kind, connection)
        let! first = first
        let! second = second
        return first, second
    }

/// So many requests, eight at a time.
let private many (total: int) (request: unit -> Task<Answer>) : Task<Answer list> =
    task {
        let worker () =
            task {
                let answers = ResizeArray()

                for _ in 1 .. total / 8 do
                    let! answer = request ()
                    answers.Add answer

                return List.ofSeq answers
            }

        let! answers = Task.WhenAll [ for _ in 1..8 -> worker () ]
        return List.concat answers
    }

/// One session, `total` increments through each of two processes.
let private countsAll (total: int) kind connection =
    task {
        let! first, second = start kind connection
        use first = first
        use second = second
        let browser = first.NewBrowser()
        let! _ = browser.Get "/login"
        let ofFirst = many total (fun () -> (first.With browser).Get "/count")
        let ofSecond = many total (fun () -> (second.With browser).Get "/count")
        let! ofFirst = ofFirst
        let! ofSecond = ofSecond

        for answer in ofFirst @ ofSecond do
            Expect.equal (answer.Status, answer.Body) (200, "counted") "each is answered"

        let! read = (second.With browser).Get "/read"
        Expect.equal read.Body $"Active {2 * total}" "and each is counted once"
    }

/// A request that loaded its session before a logout in the other process, and saves after it.
let private staysDead kind connection =
    task {
        let! first, second = start kind connection
        use first = first
        use second = second
        let browser = first.NewBrowser()
        let! _ = browser.Get "/login"
        let! signedIn = (second.With browser).Get "/read"
        Expect.stringStarts signedIn.Body "Active" "signed in, in both processes"
        let slow = (first.With browser).Get "/slow"
        let! _ = first.NewBrowser().Get "/slow/loaded"
        let! _ = (second.With browser).Get "/logout"
        let! _ = first.NewBrowser().Get "/slow/release"
        let! slow = slow
        Expect.equal (slow.Status, slow.SetCookies) (409, []) "the slow request is told, and sets no cookie"

        for instance in [ first; second ] do
            let! read = (instance.With browser).Get "/read"
            Expect.equal read.Body "Expired 0" "the session stays dead"
    }

/// Where the two have their store: a way to make a test of it, and how an application is told.
let private stores =
    [ "Redis",
      (fun name (body: string -> string -> Task<unit>) ->
          redisTest name (fun () ->
              task {
                  let! server = sharedServer ()
                  do! body "redis" server.Address
              }))
      "SQLite",
      (fun name body ->
          testCaseTask name (fun () -> body "sqlite" $"Data Source={SqlUnderTest.newFile ()};Default Timeout=30"))
      "PostgreSQL",
      (fun name body ->
          testCaseTask name (fun () -> body "postgres" (SharedPostgres.get().ConnectionString "two processes"))) ]

[<Tests>]
let tests =
    // Each test starts two processes.
    testSequencedGroup
        "two processes"
        (testList
            "Two processes"
            [ for store, test in stores do
                  // A file has one writer at a time.
                  let total = if store = "Redis" then 2000 else 400

                  test
                      $"promise 12: {total} increments over HTTP from each of two processes on one {store} make {2 * total}"
                      (countsAll total)

                  test
                      $"promise 9: a slow request after a logout in another process, on {store}: the session stays dead"
                      staysDead ])
