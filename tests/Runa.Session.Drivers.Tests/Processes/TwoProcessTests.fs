module Runa.Session.Tests.TwoProcessTests

open System.Threading.Tasks
open Expecto
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
        let! begun = first.Get("/login", None)
        let cookie = begun.Cookie
        let ofFirst = many total (fun () -> first.Get("/count", cookie))
        let ofSecond = many total (fun () -> second.Get("/count", cookie))
        let! ofFirst = ofFirst
        let! ofSecond = ofSecond

        for answer in ofFirst @ ofSecond do
            Expect.equal (answer.Status, answer.Text) (200, "counted") "each is answered"

        let! read = second.Get("/read", cookie)
        Expect.equal read.Text $"Active {2 * total}" "and each is counted once"
    }

/// A request that loaded its session before a logout in the other process, and saves after it.
let private staysDead kind connection =
    task {
        let! first, second = start kind connection
        use first = first
        use second = second
        let! begun = first.Get("/login", None)
        let cookie = begun.Cookie
        let! signedIn = second.Get("/read", cookie)
        Expect.stringStarts signedIn.Text "Active" "signed in, in both processes"
        let slow = first.Get("/slow", cookie)
        let! _ = first.Get("/slow/loaded", None)
        let! _ = second.Get("/logout", cookie)
        let! _ = first.Get("/slow/release", None)
        let! slow = slow
        Expect.equal (slow.Status, slow.Cookie) (409, None) "the slow request is told, and sets no cookie"

        for instance in [ first; second ] do
            let! read = instance.Get("/read", cookie)
            Expect.equal read.Text "Expired 0" "the session stays dead"
    }

let private onRedis (body: string -> Task<unit>) () =
    task {
        let! server = sharedServer ()
        do! body $"{server.Address}"
    }

[<Tests>]
let tests =
    testSequenced (
        testList
            "Two processes"
            [ redisTest "promise 12: 2,000 increments over HTTP from each of two processes on one Redis make 4,000"
              <| onRedis (countsAll 2000 "redis")

              redisTest "promise 9: a slow request after a logout in another process, on Redis: the session stays dead"
              <| onRedis (staysDead "redis") ]
    )
