module Runa.Session.Tests.RotationTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Microsoft.Extensions.Primitives
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Visits

[<Tests>]
let tests =
    testList
        "Rotation"
        [ testCase
              "promise 29: the token of a user's session is exchanged when it is due, and the id in the store stays"
          <| fun () ->
              let shop = shop ()
              let first = signIn shop "ann"
              let handle token = StoreKey.toText (wait (load shop.Definition token)).Place.Key
              shop.Pass 14.
              (read shop first).Token |> Expect.isNone "not due"
              shop.Pass 1.
              let second = (read shop first).Token.Value
              second |> Expect.notEqual "another" first
              handle second |> Expect.equal "the same record" (handle first)
              (read shop second).Owner |> Expect.equal "hers" (Some "ann")
              shop.Pass 14.
              (read shop second).Token |> Expect.isNone "not due again"
              shop.Pass 1.
              (read shop second).Token |> Expect.isSome "due again"

          testCase "promise 29: a change and its request's rotation are both stored"
          <| fun () ->
              let shop = shop ()
              let first = signIn shop "ann"
              shop.Pass 15.
              let second = (change shop first increment).Token.Value
              (read shop second).Count |> Expect.equal "counted" 1

          testCase "promise 29: visitors who are not signed in keep their token"
          <| fun () ->
              let shop = shop ()
              let token = (change shop "" increment).Token.Value
              shop.Pass 60.
              (read shop token).Token |> Expect.isNone "none"

          testCase "promise 29: nothing rotates where the cookie cannot be sent, or may not be kept"
          <| fun () ->
              let shop = shop ()
              let token = signIn shop "ann"
              shop.Pass 15.
              (readAs shop { shop.Visit token with CanSendCookie = false }).Token |> Expect.isNone "started"
              (readAs shop { shop.Visit token with IsPrefetch = true }).Token |> Expect.isNone "prefetch"
              (read shop token).Token |> Expect.isSome "still due"

          testCase "promise 29: a lost answer heals: the old token gets the new one again, the same"
          <| fun () ->
              let shop = shop ()
              let before, now = rotated shop

              for minutes in [ 0.; 5.; 60. ] do
                  shop.Pass minutes
                  let again = read shop before
                  again |> holds "served" SessionStatus.Active
                  again.Token |> Expect.equal "the same token" (Some now)

              isAlive shop now |> Expect.isTrue "the new one"

          testCase "promise 29: requests that were under way are served for 6 minutes, without a cookie"
          <| fun () ->
              let shop = shop ()
              let before, now = answered shop
              shop.Pass 5.9
              let late = read shop before
              late |> holds "served" SessionStatus.Active
              late.Token |> Expect.isNone "no cookie"
              (change shop before increment).Token |> Expect.isNone "no cookie for a change"
              (change shop before (Session.withLifetime (TimeSpan.FromHours 3.))).Token
              |> Expect.isNone "no cookie for another lifetime: it would bring the old token back"
              (read shop now).Count |> Expect.equal "their changes are stored" 1

          testCase "promise 29: the age is judged at the arrival: a stream that loads again hours later is no thief"
          <| fun () ->
              let shop = shop ()
              let first = signIn shop "ann"
              let stream = shop.Visit first
              shop.Pass 15.
              let second = (read shop first).Token.Value
              read shop second |> ignore
              shop.Pass 60.
              readAs shop { stream with CanSendCookie = false } |> holds "the stream" SessionStatus.Active
              isAlive shop second |> Expect.isTrue "the user"

          testCase "promise 29: a generation that a failover rolled back is taken over"
          <| fun () ->
              let shop = shop ()
              let before, _ = rotated shop
              let place = (wait (load shop.Definition before)).Place
              let ahead = (shop.Definition.Token.Rotate(place.Token, 3)).Text
              isAlive shop ahead |> Expect.isTrue "served"
              shop.Pass 6.
              read shop before |> holds "two generations back" SessionStatus.Taken

          testCase "promise 29: a browser that still holds an older cookie for another path is no thief"
          <| fun () ->
              let shop = shop ()
              let before, now = answered shop
              shop.Pass 60.
              let name = shop.Definition.Settings.CookieName
              let both = { shop.Visit now with Cookies = StringValues $"{name}={before}; {name}={now}" }
              readAs shop both |> holds "both" SessionStatus.Active
              isAlive shop now |> Expect.isTrue "goes on"

          testCase "promise 29: a sign-in starts anew with a token that was never exchanged"
          <| fun () ->
              let shop = shop ()
              let _, now = answered shop
              let next = (change shop now (Session.signIn "ann")).Token.Value
              next.Length |> Expect.equal "the first layout" 68
              shop.Pass 14.
              (read shop next).Token |> Expect.isNone "not due"
              shop.Pass 1.
              (read shop next).Token |> Expect.isSome "due"

          testCase "promise 29: switching the rotation off and on loses nobody"
          <| fun () ->
              let shop = shop ()
              let _, now = answered shop
              let off = webWith shop.Clock shop.Driver (fun o -> { o with Rotate = None })
              find off now |> Session.owner |> Expect.equal "off" (Some "ann")
              isAlive shop now |> Expect.isTrue "on again"

          testCase "promise 29: a sealed session rotates, and its values can be read"
          <| fun () ->
              let shop = Shop((fun o -> { o with Sealed = true }), memory)
              let first = signIn shop "ann"
              change shop first increment |> ignore
              shop.Pass 15.
              let second = (change shop first increment).Token.Value
              (read shop second).Count |> Expect.equal "both" 2
              shop.Pass 6.
              read shop first |> holds "the copy" SessionStatus.Taken

          testCase
              "promise 29: the cookie of a rotation is not sent when the response starts more than 10 seconds later"
          <| fun () ->
              let change = CookieChange.Set("t".AsMemory(), DateTimeOffset.UnixEpoch, 0)

              let isSent (seconds: float) =
                  let since =
                      Diagnostics.Stopwatch.GetTimestamp() - int64 (seconds * float Diagnostics.Stopwatch.Frequency)
                  (CookieRenewal(change, since)).Change.IsSet

              isSent 9. |> Expect.isTrue "9 s"
              isSent 11. |> Expect.isFalse "11 s"

          testCase "promise 29: a look that writes nothing does not rotate, and sees a copy for what it is"
          <| fun () ->
              let shop = shop ()
              let peek token = ((shop.Scope(shop.Visit token)).Peek()).AsTask() |> wait |> Session.status
              let before, now = answered shop
              shop.Pass 15.
              peek now |> Expect.equal "due, but not done" SessionStatus.Active
              peek before |> Expect.equal "the copy" SessionStatus.Taken
              isAlive shop now |> Expect.isTrue "which ended nothing"

          testCase "promise 29: where the store cannot write, requests go on without a rotation"
          <| fun () ->
              let mutable fails = false

              let driver clock =
                  let inner = memory clock
                  { inner with
                      Replace =
                          fun key version record token ->
                              if fails then
                                  raise (TimeoutException "down")
                              else
                                  inner.Replace key version record token }

              let shop = Shop(id, driver)
              let token = signIn shop "ann"
              shop.Pass 15.
              fails <- true
              let served = read shop token
              served |> holds "served" SessionStatus.Active
              served.Token |> Expect.isNone "not rotated"
              fails <- false
              (read shop token).Token |> Expect.isSome "rotated later"

          testCase "promise 29: of parallel requests one rotates, and all answers carry the same token"
          <| fun () ->
              let shop = shop ()
              let token = signIn shop "ann"
              shop.Pass 15.
              let answers = atOnce [ for _ in 1..16 -> fun () -> task { return change shop token increment } ]
              let tokens = answers |> List.choose _.Token |> List.distinct
              tokens.Length |> Expect.equal "one token" 1
              (read shop tokens.Head).Count |> Expect.equal "every change" 16 ]
