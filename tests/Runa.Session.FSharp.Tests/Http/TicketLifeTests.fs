module Runa.Session.Tests.TicketLifeTests

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication.Cookies
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.Tickets

let private lifetimes =
    testList
        "how long a ticket lives"
        [ testCaseTask "promise 7: to its ExpiresUtc, and to MaxTtl at most" (fun () ->
              task {
                  for hours, expected in [ 1., 1.; 100., 100.; 1000., 720. ] do
                      let world = world ()
                      let! key = world.Store.StoreAsync(until (world.Clock.GetUtcNow().AddHours hours) ann)
                      world.Clock.Advance(TimeSpan.FromHours expected - TimeSpan.FromSeconds 1.)
                      let! claims = found world key
                      Expect.equal claims ann "until then"
                      world.Clock.Advance(TimeSpan.FromSeconds 1.)
                      let! claims = found world key
                      Expect.equal claims [] "and no longer"
              })

          testCaseTask "without ExpiresUtc as long as the session" (fun () ->
              task {
                  let world = world ()
                  let! key = world.Store.StoreAsync(plain ann)
                  world.Clock.Advance(TimeSpan.FromHours 2. - TimeSpan.FromSeconds 1.)
                  do! world.Store.RenewAsync(key, plain ann)
                  let! claims = found world key
                  Expect.equal claims ann "until then"
                  world.Clock.Advance(TimeSpan.FromSeconds 1.)
                  let! claims = found world key
                  Expect.equal claims [] "and a renewal without one moves nothing"
              })

          testCaseTask "renewed with a later ExpiresUtc it lives on, to MaxTtl after the sign-in" (fun () ->
              task {
                  let world = world ()
                  let start = world.Clock.GetUtcNow()
                  let! key = world.Store.StoreAsync(until (start.AddHours 10.) ann)
                  let mutable renewals = 0
                  let mutable lives = true

                  while lives do
                      world.Clock.Advance(TimeSpan.FromHours 6.)
                      let! claims = found world key
                      lives <- not claims.IsEmpty

                      if lives then
                          renewals <- renewals + 1
                          do! world.Store.RenewAsync(key, until (world.Clock.GetUtcNow().AddHours 10.) ann)

                  Expect.equal (world.Clock.GetUtcNow() - start) (TimeSpan.FromDays 30.) "MaxTtl"
                  Expect.equal renewals 119 "one every six hours"
              })

          testCaseTask "an ExpiresUtc in the past is an error" (fun () ->
              task {
                  let world = world ()
                  let past = until (world.Clock.GetUtcNow()) ann
                  raised<ArgumentException, _>(fun () -> world.Store.StoreAsync past) |> ignore
                  let! key = world.Store.StoreAsync(plain ann)
                  raised<ArgumentException, _>(fun () -> task { do! world.Store.RenewAsync(key, past) }) |> ignore
                  let! claims = found world key
                  Expect.equal claims ann "what was there stays"
              })

          testCaseTask "promise 7: the idle timeout counts from when it was last asked for" (fun () ->
              task {
                  let world =
                      worldWith (fun o ->
                          { o with IdleTimeout = Some(TimeSpan.FromMinutes 10.); Ttl = TimeSpan.FromHours 2. })

                  let! key = world.Store.StoreAsync(plain ann)

                  for _ in 1..5 do
                      world.Clock.Advance(TimeSpan.FromMinutes 8.)
                      let! claims = found world key
                      Expect.equal claims ann "in use"

                  world.Clock.Advance(TimeSpan.FromMinutes 10.)
                  let! claims = found world key
                  Expect.equal claims [] "idle"
              }) ]

let private ended =
    testList
        "a ticket that has ended"
        [ testCaseTask
              "promise 27: revokeOwner ends it, and a renewal does not bring it back (promise 9: dead)"
              (fun () ->
                  task {
                      let world = world ()
                      let! key = world.Store.StoreAsync(plain ann)
                      let! other = world.Store.StoreAsync(plain [ identifier, "bob" ])
                      let! count = revoke world "ann"
                      Expect.equal count 1 "ended"
                      do! world.Store.RenewAsync(key, plain ann)
                      let! claims = found world key
                      Expect.equal claims [] "gone"
                      let! sessions = owned world "ann"
                      Expect.isEmpty sessions "nothing was made"
                      let! bob = found world other
                      Expect.equal bob [ identifier, "bob" ] "another's stays"
                  })

          testCaseTask "promise 9: removed, or expired, it stays so" (fun () ->
              task {
                  let world = world ()
                  let! key = world.Store.StoreAsync(plain ann)
                  let! late = world.Store.StoreAsync(plain ann)
                  do! world.Store.RemoveAsync key
                  do! world.Store.RemoveAsync key
                  do! world.Store.RenewAsync(key, plain ann)
                  let! claims = found world key
                  Expect.equal claims [] "removed"
                  world.Clock.Advance(TimeSpan.FromHours 2.)
                  do! world.Store.RenewAsync(late, until (world.Clock.GetUtcNow().AddHours 1.) ann)
                  let! claims = found world late
                  Expect.equal claims [] "expired"
              })

          testCaseTask "promise 9: a renewal that a removal overtakes brings nothing back" (fun () ->
              task {
                  let clock = clock ()
                  let gate = Gate(memory clock, StoreOperation.Replace)
                  let registry = registry clock gate.Driver
                  let store = SessionTicketStore(registry, "api") :> ITicketStore
                  let! key = store.StoreAsync(plain ann)
                  let renewing = store.RenewAsync(key, until (clock.GetUtcNow().AddHours 1.) ann)
                  do! gate.Reached
                  do! store.RemoveAsync key
                  gate.Open()
                  do! renewing
                  let! ticket = store.RetrieveAsync key
                  Expect.isNull ticket "gone"
                  let! left = SessionRegistry.forOwner "api" "ann" CancellationToken.None registry
                  Expect.isEmpty left "nor under another key"
              })

          testCaseTask "promise 9: of renewals and removals at once the removals win" (fun () ->
              task {
                  for _ in 1..20 do
                      let world = world ()
                      let! key = world.Store.StoreAsync(plain ann)

                      let works: (unit -> Task<unit>) list =
                          [ for i in 1..8 ->
                                fun () ->
                                    task {
                                        if i = 4 then
                                            do! world.Store.RemoveAsync key
                                        else
                                            do! world.Store.RenewAsync(key, plain ann)
                                    } ]

                      atOnce works |> ignore
                      let! claims = found world key
                      Expect.equal claims [] "gone"
                      let! sessions = owned world "ann"
                      Expect.isEmpty sessions "and nothing is left"
              })

          testCaseTask "promise 12: of renewals at once one stands whole" (fun () ->
              task {
                  let world = world ()
                  let! key = world.Store.StoreAsync(plain ann)
                  let renewal i = plain [ identifier, "ann"; "turn", string i; "again", string i ]

                  atOnce [ for i in 1..16 -> fun () -> task { do! world.Store.RenewAsync(key, renewal i) } ] |> ignore

                  match! found world key with
                  | [ _; "turn", turn; "again", again ] -> Expect.equal turn again "of one renewal"
                  | other -> failtest $"%A{other}"
              }) ]

let private handed =
    testCaseTask
        "promise 4: a renewal for somebody else without a request is an error, since the key would stay"
        (fun () ->
            task {
                let world = world ()
                let! key = world.Store.StoreAsync(plain ann)

                for other in [ [ identifier, "bob" ]; [ "email", "a@b.example" ] ] do
                    let e =
                        raised<InvalidOperationException, _>(fun () ->
                            task { do! world.Store.RenewAsync(key, plain other) })

                    Expect.stringContains e.Message "under the same key" "why"

                let! claims = found world key
                Expect.equal claims ann "the ticket stays whose it was"
            })

[<Tests>]
let tests = testList "TicketLife" [ lifetimes; ended; handed ]
