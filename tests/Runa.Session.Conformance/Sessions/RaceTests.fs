/// Several requests of one session, in one process and in two.
module internal Runa.Session.Conformance.RaceTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

let private pick (sites: Site list) index = sites[index % sites.Length]

let private started (site: Site) (step: Session -> Session) =
    task {
        let browser = Browser()
        let! _ = site.Step browser step
        return browser
    }

let private isDead (what: string) (site: Site) (browser: Browser) =
    task {
        let! session = site.Load browser

        if Session.status session = SessionStatus.Active then
            failtest $"{what}: a session is alive"
    }

let private count (site: Site) (browser: Browser) =
    task {
        let! session = site.Load browser
        return Session.getOr visits -1 session
    }

let private writes (under: DriverUnderTest) =
    let test = Bench.test under

    [ test [ Need.Swap ] $"promise 12: {under.Writers} increments at once through one registry add up"
      <| fun bench ->
          task {
              use site = start bench
              let! browser = started site (Session.set visits 0)

              do!
                  Crowd.run under.Writers (fun _ ->
                      task {
                          let! _ = site.Step (browser.Copy()) increment
                          ()
                      })

              let! sum = count site browser
              sum |> Expect.equal "the sum" under.Writers
          }

      test [ Need.SwapBetweenProcesses ] $"promise 12: {under.Writers} increments at once from two processes add up"
      <| fun bench ->
          task {
              let! sites = startSeveral bench
              let! browser = started sites.Head (Session.set visits 0)

              do!
                  Crowd.run under.Writers (fun index ->
                      task {
                          let! _ = (pick sites index).Step (browser.Copy()) increment
                          ()
                      })

              let! sum = count sites.Head browser
              sum |> Expect.equal "the sum" under.Writers
          }

      test [ Need.Swap ] "promise 12: what run-once requests change at once, each a key of its own, all survives"
      <| fun bench ->
          task {
              let! sites = startSeveral bench
              let! browser = started sites.Head (Session.set visits 0)
              let key n = SessionKey.create<int> $"key {n}"
              let requests = 48

              let! _ =
                  Crowd.together requests (fun n ->
                      task {
                          let site = pick sites n
                          let tab = browser.Copy()
                          let! session = site.Load tab
                          let! _ = site.Commit tab (Session.set (key n) n session)
                          return ()
                      })

              let! session = sites.Head.Load browser

              for n in 0 .. requests - 1 do
                  Session.tryGet (key n) session |> Expect.equal $"key {n}" (Some n)
          }

      test [ Need.Swap ] "promise 16: each flash is taken by exactly one of the pure steps that run at once"
      <| fun bench ->
          task {
              let! sites = startSeveral bench
              let flashes = [ for n in 1..40 -> $"flash {n}" ]
              let! browser =
                  started sites.Head (fun session ->
                      (session, flashes) ||> List.fold (fun s f -> Session.flash notice f s))

              let! taken =
                  Crowd.together 24 (fun n ->
                      task {
                          let taken = ref []

                          let! _ =
                              (pick sites n).Step (browser.Copy()) (fun session ->
                                  let found, session = Session.takeFlashes notice session
                                  taken.Value <- found
                                  Session.flash notice $"from {n}" session)

                          return taken.Value
                      })

              let! session = sites.Head.Load browser
              let left = Session.takeFlashes notice session |> fst

              List.concat (left :: taken)
              |> List.sort
              |> Expect.equal "each once" (List.sort (flashes @ [ for n in 0..23 -> $"from {n}" ]))
          }

      test [ Need.Swap ] "promise 16: a run-once request that took a flash which another one took is told so"
      <| fun bench ->
          task {
              use site = start bench
              let! browser = started site (Session.flash notice "once")
              let other = browser.Copy()
              let! first = site.Load browser
              let! second = site.Load other
              let! _ = site.Commit browser (Session.takeFlashes notice first |> snd)
              let! isTold = conflicts (fun () -> site.Commit other (Session.takeFlashes notice second |> snd))
              isTold |> Expect.isTrue "SessionConflictException"
          } ]

let private deaths (under: DriverUnderTest) =
    let test = Bench.test under

    [ test [ Need.Store ] "promise 9: a slow request that ends after the logout brings nothing back, nor does its touch"
      <| fun bench ->
          task {
              use site = start bench

              for step in
                  [ increment; id; Session.regenerate; Session.takeFlashes notice >> snd; Session.signIn "mallory" ] do
                  let! browser = started site (Session.signIn "alice" >> Session.flash notice "hello")
                  let slow = browser.Copy()
                  let stale = browser.Copy()
                  bench.Clock.Advance(TimeSpan.FromMinutes 3.)
                  let! loaded = site.Load slow
                  let! _ = site.Step browser Session.signOut
                  let! _ = conflicts (fun () -> site.Commit slow (step loaded))
                  do! isDead "the cookie of before" site stale
                  do! isDead "what the slow request was given" site slow
          }

      test [ Need.Swap ] "promise 9: a session that is destroyed while others write it stays dead"
      <| fun bench ->
          task {
              let! sites = startSeveral bench

              for _ in 1..15 do
                  let! browser = started sites.Head (Session.signIn "alice" >> increment)
                  let stale = browser.Copy()

                  let! _ =
                      Crowd.together 6 (fun n ->
                          let tab = browser.Copy()
                          conflicts (fun () -> (pick sites n).Step tab (if n = 0 then Session.destroy else increment)))

                  do! isDead "destroyed" sites.Head stale
          }

      test [ Need.Swap ] "promise 4: regenerate loses no write that was answered, and the old id is worthless"
      <| fun bench ->
          task {
              let! sites = startSeveral bench

              for _ in 1..15 do
                  let! browser = started sites.Head (Session.set visits 0)
                  let fresh = browser.Copy()

                  let! refused =
                      Crowd.together 6 (fun n ->
                          if n = 0 then
                              task {
                                  let! _ = (pick sites n).Step fresh Session.regenerate
                                  return false
                              }
                          else
                              conflicts (fun () -> (pick sites n).Step (browser.Copy()) increment))

                  let written = 5 - (refused |> List.filter id |> List.length)
                  let! sum = count sites.Head fresh
                  sum |> Expect.equal "under the new id, as many as were not refused" written
                  fresh.Values |> Expect.notEqual "the id" browser.Values
                  do! isDead "the old id" sites.Head browser
          }

      test [ Need.Swap ] "promise 4, 9: a regenerate or sign-in under way does not outlive the logout"
      <| fun bench ->
          task {
              let! sites = startSeveral bench

              for round in 1..20 do
                  let! browser = started sites.Head (Session.signIn "alice" >> increment)
                  let moving, leaving = browser.Copy(), browser.Copy()
                  let step = if round % 2 = 0 then Session.regenerate else Session.signIn "alice"

                  let! _ =
                      Crowd.together 2 (fun n ->
                          if n = 0 then
                              conflicts (fun () ->
                                  (pick sites 0).Step moving (fun session ->
                                      // Where it comes after the logout there is nobody to sign in again.
                                      if (Session.owner session).IsSome then step session else session))
                          else
                              conflicts (fun () -> (pick sites 1).Step leaving Session.signOut))

                  do! isDead "the old id" sites.Head browser
                  do! isDead "the new id" sites.Head moving
          }

      test
          [ Need.Store ]
          "promise 4: a stale cookie reads nothing after the sign-in, changes nothing, and expires no cookie"
      <| fun bench ->
          task {
              use site = start bench
              let! browser = started site (Session.set visits 1)
              let stale = browser.Copy()
              let slow = browser.Copy()
              let! loaded = site.Load slow
              let! _ = site.Step browser (Session.signIn "alice")
              let! session = site.Load stale
              Session.isEmpty session |> Expect.isTrue "nothing is read"
              let before = stale.Values
              let! _ = site.Step stale id
              stale.Values |> Expect.equal "the cookie is left alone" before
              let! isTold = conflicts (fun () -> site.Step stale (Session.set visits 99))
              isTold |> Expect.isTrue "a write is refused"
              let! isTold = conflicts (fun () -> site.Commit slow (Session.set visits 98 loaded))
              isTold |> Expect.isTrue "so is that of a request that began before"
              let! session = site.Load browser
              Session.owner session |> Expect.equal "signed in" (Some "alice")
              Session.tryGet visits session |> Expect.equal "as it was" (Some 1)
          }

      test [ Need.Store ] "promise 4, 9: a logout with the cookie of before the sign-in ends the session"
      <| fun bench ->
          task {
              use site = start bench
              let! browser = started site (Session.set visits 1)
              let stale = browser.Copy()
              let! _ = site.Step browser (Session.signIn "alice")
              let! _ = site.Step browser Session.regenerate
              let! _ = site.Step stale Session.signOut
              do! isDead "signed in and regenerated" site browser
          } ]

let tests (under: DriverUnderTest) : Test = testList "races" (writes under @ deaths under)
