/// Devices that prove themselves again, without HTTP.
module Runa.Session.Tests.DeviceRefreshTests

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
    testList
        "Device protocol: refresh"
        [ testCase "promise 29: without a proof, and with one that is none, the device is asked"
          <| fun () ->
              let shop = boundShop ()
              let user = boundUser shop "ann"
              let id, key = user.Id, user.Device
              let other = boundUser shop "bob"

              for what, field in
                  [ "none", None
                    "an empty one", Some ""
                    "no proof", Some "x.y.z"
                    "alg none", Some(refresh { key with Algorithm = "none" } user.Challenge)
                    "its key under another algorithm", Some(refresh { key with Algorithm = "RS256" } user.Challenge)
                    "with a key", Some(registration key user.Challenge)
                    "the key of a stranger", Some(registration (ecDevice ()) user.Challenge)
                    "no challenge of ours", Some(refresh key "challenge")
                    "the challenge of another device", Some(refresh key other.Challenge)
                    "too long", Some(refresh key (String('c', 9_000))) ] do
                  for jar in [ empty; user.Jar ] do
                      if what <> "its key under another algorithm" || jar.IsEmpty then
                          match ask shop id field jar with
                          | DeviceReply.Challenged(asked, _) -> asked |> Expect.equal what id
                          | reply -> failtest $"{what}: {statusOf reply}"

              refreshBy shop user user.Challenge |> is "the challenge is still good" 200
              holds "and nothing ended" SessionStatus.Active shop user.Jar

          testCase "promise 29: each challenge is good once, those before it too, and for 20 minutes"
          <| fun () ->
              let shop = boundShop ()
              let user = boundUser shop "ann"
              let unused = challengeOf (ask shop user.Id None empty)
              let first = bareRefreshBy shop user user.Challenge
              first |> is "once" 200
              bareRefreshBy shop user user.Challenge |> is "used" 403
              bareRefreshBy shop user unused |> is "of the version before" 403
              shop.Pass 19.9
              let second = bareRefreshBy shop user (challengeOf first)
              second |> is "after 19.9 minutes" 200
              shop.Pass 20.
              let late = bareRefreshBy shop user (challengeOf second)
              late |> is "after 20 minutes" 403
              bareRefreshBy shop user (challengeOf late) |> is "the new one" 200

          testCase "promise 29: the challenge of a registration is none for a refresh"
          <| fun () ->
              let shop = boundShop ()
              let jar, challenge = offered shop empty (Session.signIn "ann")
              let device = ecDevice ()
              let user =
                  after { Jar = jar; Device = device; Id = ""; Challenge = "" } (registerBy shop device challenge)
              bareRefreshBy shop user challenge |> is "asked" 403
              bareRefreshBy shop user user.Challenge |> is "its own" 200

          testCase "promise 29: ids that are none, and ids of no device, are 401, and ask the store at most once"
          <| fun () ->
              let counting = ref None

              let driver clock =
                  let driver = TestDriver.Counting(memory clock)
                  counting.Value <- Some driver
                  driver.Driver

              let shop = boundShopWith id driver
              let user = boundUser shop "ann"
              let calls = counting.Value.Value

              for id in
                  [ ""
                    "x"
                    String('A', 21)
                    String('A', 23)
                    String('A', 9_000)
                    String('.', 22)
                    user.Id.Substring 1 + "é"
                    "' OR 1=1 --" ] do
                  calls.Forget()
                  ask shop id (Some(refresh user.Device user.Challenge)) user.Jar |> is id 401
                  calls.Calls |> Expect.isEmpty "the store"

              calls.Forget()
              ask shop (DeviceId.create ()) None user.Jar |> is "no device" 401
              calls.Calls |> Expect.equal "the store" [ StoreOperation.Load ]
              refreshes shop user |> Expect.equal "the device" 200

          testCase "promise 29: a forged refresh without cookies costs one load"
          <| fun () ->
              let counting = ref None

              let driver clock =
                  let driver = TestDriver.Counting(memory clock)
                  counting.Value <- Some driver
                  driver.Driver

              let shop = boundShopWith id driver
              let user = boundUser shop "ann"
              let calls = counting.Value.Value
              calls.Forget()
              ask shop user.Id (Some(refresh (ecDevice ()) user.Challenge)) empty |> is "forged" 403
              calls.Calls |> Expect.equal "the store" [ StoreOperation.Load ]
              calls.Forget()
              bareRefreshBy shop user user.Challenge |> is "good" 200
              calls.Calls |> Expect.equal "the store" [ StoreOperation.Load; StoreOperation.Replace ]

          testCase "promise 29: a wrong signature ends the session only if its cookie comes along"
          <| fun () ->
              let shop = boundShop ()
              let user = boundUser shop "ann"
              let forged = Some(refresh (ecDevice ()) user.Challenge)
              ask shop user.Id forged empty |> is "without" 403
              let other = boundUser shop "bob"
              holds "goes on" SessionStatus.Active shop user.Jar
              refreshes shop user |> Expect.equal "its device" 200
              let challenge = challengeOf (ask shop user.Id None empty)
              ask shop user.Id (Some(refresh (ecDevice ()) challenge)) (unproven shop user) |> is "with" 401
              holds "ended" SessionStatus.Taken shop user.Jar
              refreshes shop user |> Expect.equal "forgotten" 401
              holds "another's" SessionStatus.Active shop other.Jar

          testCase "promise 29: with on_theft = ignore, a wrong signature ends nothing"
          <| fun () ->
              let shop = boundShopWith (fun o -> { o with OnTheft = OnTheft.Ignore }) memory
              let user = boundUser shop "ann"
              ask shop user.Id (Some(refresh (ecDevice ()) user.Challenge)) user.Jar |> is "refused" 401
              holds "goes on" SessionStatus.Active shop user.Jar
              refreshes shop user |> Expect.equal "its device" 200

          testCase
              "promise 29: nobody forgets a device by knowing its id: with another session's cookie, or an ended one's"
          <| fun () ->
              let shop = boundShop ()
              let user = boundUser shop "ann"
              let eve = boundUser shop "eve"
              let ended = boundUser shop "eve"
              request shop ended.Jar Session.signOut |> ignore

              for what, jar in [ "another session", eve.Jar; "one that has ended", ended.Jar ] do
                  for field in [ None; Some(refresh eve.Device user.Challenge) ] do
                      ask shop user.Id field jar |> is what 401

              refreshes shop user |> Expect.equal "the device" 200
              holds "and its session" SessionStatus.Active shop user.Jar

          testCase "promise 29: a session that has ended or idled out is 401 where its cookie is carried"
          <| fun () ->
              let idling (o: SessionSettings) = { o with IdleTimeout = Some(TimeSpan.FromMinutes 30.) }
              let ending (o: SessionSettings) = { o with Ttl = TimeSpan.FromHours 1.; IdleTimeout = None }

              for change, minutes in [ idling, 30.; ending, 60. ] do
                  let shop = boundShopWith change memory
                  let user = boundUser shop "ann"
                  shop.Pass(minutes - 1.)
                  let reply = ask shop user.Id None user.Jar
                  reply |> is "alive" 403
                  shop.Pass 1.
                  refreshBy shop user (challengeOf reply) |> is "ended" 401

          testCase "promise 7, 29: refreshes never touch the session, and write nothing of it"
          <| fun () ->
              let shop = boundShopWith (fun o -> { o with IdleTimeout = Some(TimeSpan.FromMinutes 30.) }) memory
              let user = boundUser shop "ann"
              let token = user.Jar[shop.Definition.Settings.CookieName]
              let stored () = record shop.Definition (wait (load shop.Definition token))
              let before = stored ()
              let mutable challenge = user.Challenge

              for _ in 1..29 do
                  shop.Pass 1.
                  let reply = refreshBy shop user challenge
                  reply |> is "refreshed" 200
                  challenge <- challengeOf reply

              stored () |> Expect.equal "the record" before
              shop.Pass 1.
              refreshBy shop user challenge |> is "idled out in spite of them" 401

          testCase "promise 29: of 10,000 mutations of a good proof none passes, and none ends the session"
          <| fun () ->
              let shop = boundShop ()
              let user = boundUser shop "ann"
              let random = Random 11
              let characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=\"\\ {}\000é"
              let good = refresh user.Device user.Challenge

              for _ in 1..10_000 do
                  let at = random.Next good.Length
                  let other = string characters[random.Next characters.Length]

                  let mutated =
                      match random.Next 4 with
                      | 0 -> good.Remove(at, 1)
                      | 1 -> good.Insert(at, other)
                      | 2 -> good.Substring(0, at)
                      | _ -> good.Remove(at, 1).Insert(at, other)

                  // Chromium leaves the quotes out.
                  if mutated.Trim '"' <> good.Trim '"' then
                      ask shop user.Id (Some mutated) empty |> is mutated 403

              bareRefreshBy shop user user.Challenge |> is "the proof itself" 200

          testCase "promise 29: of 10 proofs at once by one challenge, one passes"
          <| fun () ->
              let shop = boundShop ()
              let user = boundUser shop "ann"
              let field = Some(refresh user.Device user.Challenge)

              atOnce [ for _ in 1..10 -> fun () -> (endpoint shop).Refresh(user.Id, field, cookiesOf user.Jar) ]
              |> List.map statusOf
              |> List.sort
              |> Expect.equal "one" (200 :: List.replicate 9 403) ]
