/// Browsers that register a device, without HTTP.
module Runa.Session.Tests.DeviceRegistrationTests

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

[<Tests>]
let tests =
    testList
        "Device protocol: registration"
        [ testCase "promise 29: the same challenge and key again is the same registration, and another key is refused"
          <| fun () ->
              let shop = boundShop ()
              let device = ecDevice ()
              let _, challenge = offered shop empty (Session.signIn "ann")
              let first = registerBy shop device challenge
              first |> is "registered" 200
              let again = registerBy shop device challenge
              again |> is "again" 200
              (after { Jar = empty; Device = device; Id = ""; Challenge = "" } again).Id
              |> Expect.equal "the same id" (after { Jar = empty; Device = device; Id = ""; Challenge = "" } first).Id

              registerBy shop (ecDevice ()) challenge |> is "another key" 409
              registerBy shop (rsaDevice 2048) challenge |> is "another kind of key" 409

          testCase "promise 29: ten registrations at once by one challenge are one device"
          <| fun () ->
              let shop = boundShop ()
              let device, other = ecDevice (), ecDevice ()
              let _, challenge = offered shop empty (Session.signIn "ann")

              let statuses =
                  atOnce
                      [ for n in 1..10 ->
                            fun () ->
                                task {
                                    let device = if n % 2 = 0 then device else other
                                    let! reply = (endpoint shop).Register(registration device challenge)
                                    return n % 2, statusOf reply
                                } ]

              for one in [ 0; 1 ] do
                  statuses
                  |> List.filter (fun (key, _) -> key = one)
                  |> List.distinct
                  |> List.length
                  |> Expect.equal "all of one key are answered alike" 1

              statuses |> List.map snd |> List.distinct |> List.sort |> Expect.equal "one key" [ 200; 409 ]

          testCase "RS256 registers, too"
          <| fun () ->
              let shop = boundShop ()
              let device = rsaDevice 2048
              let jar, challenge = offered shop empty (Session.signIn "ann")
              let user =
                  after { Jar = jar; Device = device; Id = ""; Challenge = "" } (registerBy shop device challenge)
              Session.device (look shop user.Jar) |> Expect.equal "bound" SessionDevice.Bound
              refreshes shop user |> Expect.equal "refreshed" 200

          testCase "an offer that nobody took in 20 minutes is 401"
          <| fun () ->
              let shop = boundShop ()
              let _, challenge = offered shop empty (Session.signIn "ann")
              shop.Pass 9.9
              let device = ecDevice ()
              registerBy shop device challenge |> is "in time" 200
              shop.Pass 0.1
              registerBy shop device challenge |> is "too late" 401

          testCase "promise 29: what is no proof of a registration is 400, and stores nothing"
          <| fun () ->
              let counting = ref None

              let driver clock =
                  let driver = TestDriver.Counting(memory clock)
                  counting.Value <- Some driver
                  driver.Driver

              let shop = boundShopWith id driver
              let device = ecDevice ()
              let jar, challenge = offered shop empty (Session.signIn "ann")
              let user = registered shop "bob"
              let calls = counting.Value.Value
              calls.Forget()
              let register field = wait ((endpoint shop).Register field)
              let withKey (jwk: string) = header device $",\"jwk\":{jwk}"
              let priv = device.Jwk.Replace("\"kty\"", "\"d\":\"AA\",\"kty\"")

              for what, field in
                  [ "no text", ""
                    "no proof", "x"
                    "no key", refresh device challenge
                    "alg none", registration { device with Algorithm = "none" } challenge
                    "another kind of key", registration { device with Jwk = (rsaDevice 2048).Jwk } challenge
                    "another's key", registration { device with Jwk = (ecDevice ()).Jwk } challenge
                    "a private key", signed device (withKey priv) (claims challenge)
                    "too long", registration device (String('c', 9_000))
                    "a challenge of our own making", registration device "challenge"
                    "the challenge of a refresh", registration device user.Challenge
                    "the session's cookie for a challenge", registration device (Seq.head jar.Values) ] do
                  register field |> is what 400

              calls.Count StoreOperation.Create |> Expect.equal "nothing was stored" 0
              register (registration device challenge) |> is "the offer is still good" 200

          testCase "promise 2, 29: a challenge of another session name, application or secret is 400"
          <| fun () ->
              let clock = clock ()
              let driver = memory clock
              let bound (o: SessionSettings) = { o with DeviceBound = DeviceBound.Offer }
              let shop extend = Shop(clock, driver, extend >> SessionSetup.session "web" bound)
              let ours = shop id
              let device = ecDevice ()
              let _, challenge = offered ours empty (Session.signIn "ann")

              for what, other in
                  [ "application", shop (SessionSetup.application "another")
                    "secret", shop (SessionSetup.secrets [ secret + " another" ]) ] do
                  registerBy other device challenge |> is what 400

              let two =
                  SessionRegistry.create (
                      setup clock driver |> SessionSetup.session "web" bound |> SessionSetup.session "admin" bound
                  )

              let admin = HostedDevices.endpoints two |> List.find (fun (name, _) -> name = "admin") |> snd
              wait (admin.Register(registration device challenge)) |> is "name" 400
              let user = registered ours "bob"
              wait (admin.Refresh(user.Id, None, cookiesOf user.Jar)) |> is "its device, at another name" 401

          testCase "promise 14: where the store fails or does not answer, browsers keep the binding and come again"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let short = SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 40.)
              let bound = SessionSetup.session "web" (fun o -> { o with DeviceBound = DeviceBound.Offer })
              let shop = Shop(clock, driver.Driver, short >> bound)
              let device = ecDevice ()
              let _, challenge = offered shop empty (Session.signIn "ann")
              let user = registered shop "bob"

              for behaviour in [ Behaviour.FailBefore; Behaviour.Hang; Behaviour.FailAfter ] do
                  for operation in [ StoreOperation.Create; StoreOperation.Load; StoreOperation.Replace ] do
                      driver.Behave <- fun _ -> Behaviour.Pass
                      let asked = challengeOf (ask shop user.Id None user.Jar)
                      driver.Behave <- TestDriver.Only([ operation ], behaviour)

                      let answer =
                          if operation = StoreOperation.Create then
                              (endpoint shop).Register(registration device challenge)
                          else
                              (endpoint shop).Refresh(user.Id, Some(refresh user.Device asked), cookiesOf user.Jar)

                      // A registration is not repeated, so its answer is looked up if it was lost.
                      let isStored = operation = StoreOperation.Create && behaviour = Behaviour.FailAfter
                      wait answer |> is $"{operation}, {behaviour}" (if isStored then 200 else 503)

              driver.Behave <- fun _ -> Behaviour.Pass
              registerBy shop device challenge |> is "one whose answer was lost" 200
              refreshes shop user |> Expect.equal "the device" 200 ]
