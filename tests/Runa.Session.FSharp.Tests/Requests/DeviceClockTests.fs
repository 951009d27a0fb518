/// Bound cookies and challenges on nodes whose clocks differ.
module Runa.Session.Tests.DeviceClockTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.TestSupport.CookieJar
open Runa.Session.Tests.BoundShops
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Visits
open Runa.Session.Tests.Devices

let private is what expected reply = statusOf reply |> Expect.equal what expected

/// The session of the browser, as a status.
let private holds what expected shop (jar: CookieJar) = Session.status (look shop jar) |> Expect.equal what expected

[<Tests>]
let tests =
    let shopsOf (skew: float) =
        let clock = clock ()
        let driver = memory clock
        let bound = SessionSetup.session "web" (fun o -> { o with DeviceBound = DeviceBound.Offer })
        let other = SkewedClock(clock, TimeSpan.FromMinutes skew)
        Shop(clock, driver, bound), Shop(clock, driver, SessionSetup.timeProvider other >> bound), other

    /// At the node whose clock differs: its requests arrive by its own clock.
    let lookAt (shop: Shop) (clock: TimeProvider) (jar: CookieJar) =
        let scope = shop.Scope { shop.Visit "" with Cookies = cookiesOf jar; Arrived = clock.GetUtcNow() }

        Session.status (wait ((scope.Load Threading.CancellationToken.None).AsTask()))

    testList
        "Device protocol: clocks"
        [ for skew in [ -5.; 5. ] do
              testCase
                  $"promise 28, 29: on a node whose clock is {skew} minutes off, bound cookie and challenges are good for 10 minutes at least"
              <| fun () ->
                  let here, there, clock = shopsOf skew
                  let user = boundUser here "ann"
                  lookAt there clock user.Jar |> Expect.equal "at once" SessionStatus.Active
                  here.Pass 9.9
                  lookAt there clock user.Jar |> Expect.equal "to its end" SessionStatus.Active
                  let reply = refreshBy there user user.Challenge
                  reply |> is "the challenge" 200
                  let user = after user reply
                  here.Pass 9.9
                  holds "and back" SessionStatus.Active here user.Jar
                  refreshBy here user user.Challenge |> is "the challenge, back" 200

              testCase $"promise 28, 29: a copy of both cookies lives 20 minutes at most, on a node {skew} minutes off"
              <| fun () ->
                  let here, there, clock = shopsOf skew
                  let user = boundUser here "ann"
                  here.Pass(14.9 - skew)
                  lookAt there clock user.Jar |> Expect.equal "just before" SessionStatus.Active
                  here.Pass 0.1
                  lookAt there clock user.Jar |> Expect.equal "over" SessionStatus.Unproven ]
