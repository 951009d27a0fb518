module Runa.Session.Tests.DeviceChallengeTests

open System
open Expecto
open Expecto.Flip
open Runa.Session

let private now = DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero)
let private secret = "0123456789abcdefghijklmnopqrstuvwxyz-first"
let private ring = KeyRing.ofSecrets [ secret ]
let private challenges = DeviceChallenges(ring, Some "shop", "web")
let private until = now.AddMinutes 5.

let private both =
    let id = DeviceId.create ()

    [ DeviceChallenge.Register(id, "zoë \000", until.AddHours 2., until)
      DeviceChallenge.Refresh(id, RecordVersion.RecordVersion -7L, until) ]

[<Tests>]
let tests =
    testList
        "DeviceChallenge"
        [ testCase "a challenge is read as it was made, until its end"
          <| fun () ->
              for challenge in both do
                  let text = challenges.Write challenge
                  challenges.Read(now, text) |> Expect.equal "good" (ChallengeReading.Good challenge)
                  challenges.Read(until.AddTicks -1L, text) |> Expect.equal "still" (ChallengeReading.Good challenge)
                  challenges.Read(until, text) |> Expect.equal "expired" (ChallengeReading.Expired challenge)

          testCase "its text is good in a header, never the same, and shows neither owner nor id"
          <| fun () ->
              for challenge in both do
                  let text = challenges.Write challenge
                  text
                  |> Seq.forall (fun c -> Char.IsAsciiLetterOrDigit c || c = '-' || c = '_')
                  |> Expect.isTrue "characters"
                  challenges.Write challenge |> Expect.notEqual "another" text
                  challenge.ToString() |> Expect.stringContains "only its kind" "Re"

          testCase "promise 2: a challenge of another session name, application or secret, or a sealed cookie, is none"
          <| fun () ->
              let challenge = both.Head
              let foreign (others: DeviceChallenges) =
                  challenges.Read(now, others.Write challenge) |> Expect.equal "foreign" ChallengeReading.Foreign
              foreign (DeviceChallenges(ring, Some "shop", "admin"))
              foreign (DeviceChallenges(ring, Some "other", "web"))
              foreign (DeviceChallenges(ring, None, "web"))
              foreign (DeviceChallenges(KeyRing.ofSecrets [ secret + "2" ], Some "shop", "web"))
              let cookie = SealedCookie(ring, Some "shop", "web").Seal [| 1uy; 2uy |]
              challenges.Read(now, cookie) |> Expect.equal "a cookie" ChallengeReading.Foreign

          testCase "every flipped bit makes it foreign, and no text raises"
          <| fun () ->
              let text = challenges.Write both.Head

              for at in 0 .. text.Length - 1 do
                  let other = if text[at] = 'A' then "B" else "A"
                  challenges.Read(now, text.Remove(at, 1).Insert(at, other))
                  |> Expect.equal $"at {at}" ChallengeReading.Foreign

              for odd in [ ""; "A"; String('A', 9_000); "é"; text + "A" ] do
                  challenges.Read(now, odd) |> Expect.equal odd ChallengeReading.Foreign

          testCase "promise 24: a challenge that an older secret made is good"
          <| fun () ->
              let text = challenges.Write both.Head
              let newer = DeviceChallenges(KeyRing.ofSecrets [ secret + "-new"; secret ], Some "shop", "web")
              newer.Read(now, text) |> Expect.equal "good" (ChallengeReading.Good both.Head)

          testCase "ids of devices are 128 random bits in one spelling"
          <| fun () ->
              let ids = [ for _ in 1..1_000 -> DeviceId.create () ]
              ids |> List.distinct |> List.length |> Expect.equal "all differ" 1_000
              ids |> List.forall (fun id -> (DeviceId.tryBytes id).IsSome) |> Expect.isTrue "read"

              for odd in [ ""; "A"; String('A', 21); String('A', 23); String('A', 21) + "B"; String('.', 22) ] do
                  (DeviceId.tryBytes odd).IsNone |> Expect.isTrue odd ]

[<Tests>]
let cookies =
    let cookies = BoundCookies(ring, Some "shop", "web")
    let id = DeviceId.create ()

    let shows (by: BoundCookies) (text: string) : bool = by.Shows(text.AsSpan(), id, now)

    testList
        "BoundCookie"
        [ testCase "a bound cookie says which device proved its key, and until when that counts, to the millisecond"
          <| fun () ->
              for endsAt in [ until; DateTimeOffset.UnixEpoch; now.AddMilliseconds 7.; now.AddYears 900 ] do
                  let text = cookies.Make(id, endsAt)
                  text.Length |> Expect.equal "characters" 56
                  let shows (deviceId: string) after = cookies.Shows(text.AsSpan(), deviceId, after)
                  shows id (endsAt.AddMilliseconds -1.) |> Expect.isTrue "its device, before its end"
                  shows id endsAt |> Expect.isFalse "at its end"
                  shows (DeviceId.create ()) (endsAt.AddMilliseconds -1.) |> Expect.isFalse "another device"
                  shows "" (endsAt.AddMilliseconds -1.) |> Expect.isFalse "no device"

          testCase
              "promise 2: one of another session name, application or secret is none, and neither is any changed one"
          <| fun () ->
              let text = cookies.Make(id, until)
              shows cookies text |> Expect.isTrue "its own"

              for other in
                  [ BoundCookies(ring, Some "shop", "admin")
                    BoundCookies(ring, Some "other", "web")
                    BoundCookies(ring, None, "web")
                    BoundCookies(KeyRing.ofSecrets [ secret + "2" ], Some "shop", "web") ] do
                  shows other text |> Expect.isFalse "foreign"

              for at in 0 .. text.Length - 1 do
                  let other = if text[at] = 'A' then "B" else "A"
                  shows cookies (text.Remove(at, 1).Insert(at, other)) |> Expect.isFalse $"at {at}"

              for odd in [ ""; "A"; String('A', 56); String('é', 56); text + "A" ] do
                  shows cookies odd |> Expect.isFalse odd

          testCase "promise 24: one that an older secret made is good"
          <| fun () ->
              let newer = BoundCookies(KeyRing.ofSecrets [ secret + "-new"; secret ], Some "shop", "web")
              shows newer (cookies.Make(id, until)) |> Expect.isTrue "read" ]
