module Runa.Session.Tests.CookieHomeTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.TestSupport.CookieJar

let private none = CancellationToken.None
let private big = SessionKey.create<string> "big"
let private name = "__Host-runa_session"

let private inCookies (clock: FakeTimeProvider) change (setup: SessionSetup) =
    ([ "web"; "admin"; "api" ], setup)
    ||> List.foldBack (fun name -> SessionSetup.session name (fun o -> change { o with Driver = "cookie" }))
    |> SessionSetup.timeProvider clock

let private openWith change =
    let clock = clock ()

    let registry =
        SessionSetup.empty
        |> SessionSetup.secrets [ secret ]
        |> SessionSetup.application "shop"
        |> inCookies clock change
        |> SessionRegistry.create

    clock, registry

let private open' () = openWith id
let private loadFrom registry name (jar: CookieJar) = SessionRegistry.load name (header jar) none registry |> wait
let private load registry jar = loadFrom registry "web" jar
let private commit registry session = SessionRegistry.commit session none registry |> wait
let private request registry jar change = keep jar (commit registry (change (load registry jar))).Cookies

/// So many characters of a text that compression would not shrink.
let private letters (length: int) =
    let random = Random length
    String(Array.init length (fun _ -> char (random.Next(int 'a', int 'z' + 1))))

let private unsupported (work: unit -> unit) : NotSupportedException =
    try
        work ()
        failtest "nothing was raised"
    with :? NotSupportedException as e ->
        e

/// The characters of the session's cookie, its pieces together.
let private characters (jar: CookieJar) =
    match jar.Count with
    | 1 -> jar[name].Length
    | _ -> jar |> Map.remove name |> Map.toList |> List.sumBy (fun (_, value) -> value.Length)

[<Tests>]
let lifecycle =
    testList
        "CookieHome"
        [ testCase "promise 13, 17: what was committed is what the next request loads"
          <| fun () ->
              let _, registry = open' ()
              let step =
                  Session.set note "Grüße, 世界 🦊"
                  >> increment
                  >> Session.signInWith "ada" (Map [ "role", [ "a"; "b" ] ])
              let before = commit registry (step (load registry empty))
              let found = load registry (keep empty before.Cookies)
              Session.tryGet note found |> Expect.equal "text" (Some "Grüße, 世界 🦊")
              Session.getOr count 0 found |> Expect.equal "number" 1
              (Session.owner found, Session.claims found)
              |> Expect.equal "owner" (Some "ada", Map [ "role", [ "a"; "b" ] ])
              Session.expiresAt found |> Expect.equal "end" (Session.expiresAt before.Session)
              Session.status found |> Expect.equal "status" SessionStatus.Active

          testCase "promise 8, 21: without a change there is no cookie, and reading sends none"
          <| fun () ->
              let _, registry = open' ()
              (commit registry (load registry empty)).Cookies |> Expect.equal "a visitor" []
              let jar = request registry empty increment
              (commit registry (load registry jar)).Cookies |> Expect.equal "a reader" []
              (commit registry (Session.set count 1 (load registry jar))).Cookies
              |> Expect.equal "the same value" []

          testCase "every change is a new cookie, with the rest of the absolute life"
          <| fun () ->
              let clock, registry = open' ()
              let jar = request registry empty increment
              clock.Advance(TimeSpan.FromMinutes 30.)
              let committed = commit registry (increment (load registry jar))
              let text = List.exactlyOne committed.Cookies
              text |> Expect.stringContains "Max-Age" "Max-Age=5400"
              (keep empty committed.Cookies)[name] |> Expect.notEqual "sealed anew" jar[name]

          testCase "promise 7, 10: the absolute end is inside and enforced; no activity moves it, and the app is told"
          <| fun () ->
              let clock, registry = open' ()
              let jar = request registry empty increment
              clock.Advance(TimeSpan.FromMinutes 119.)
              let jar = request registry jar increment
              clock.Advance(TimeSpan.FromMinutes 1.)
              let late = load registry jar
              (Session.status late, Session.isEmpty late) |> Expect.equal "over" (SessionStatus.Expired, true)
              Session.status (load registry empty) |> Expect.equal "a first visit" SessionStatus.New

          testCase "withLifetime moves the end inside, and Max-Age"
          <| fun () ->
              let clock, registry = open' ()
              let committed =
                  commit registry (Session.withLifetime (TimeSpan.FromDays 7.) (increment (load registry empty)))
              List.exactlyOne committed.Cookies |> Expect.stringContains "Max-Age" "Max-Age=604800"
              clock.Advance(TimeSpan.FromDays 6.9)
              Session.getOr count 0 (load registry (keep empty committed.Cookies)) |> Expect.equal "there" 1

          testCase "a sign-in begins a new life, regenerate keeps it; both are sealed anew"
          <| fun () ->
              let clock, registry = open' ()
              let jar = request registry empty increment
              clock.Advance(TimeSpan.FromHours 1.)
              let kept = request registry jar Session.regenerate
              kept[name] |> Expect.notEqual "regenerated" jar[name]
              Session.expiresAt (load registry kept)
              |> Expect.equal "its end" (Session.expiresAt (load registry jar))
              let signedIn = load registry (request registry jar (Session.signIn "ada"))
              Session.expiresAt signedIn |> Expect.equal "a new end" (clock.GetUtcNow() + TimeSpan.FromHours 2.)
              Session.getOr count 0 signedIn |> Expect.equal "values are kept" 1

          testCase "destroy takes all pieces back, and a value set after it begins anew"
          <| fun () ->
              let _, registry = open' ()
              let jar = request registry empty (Session.set big (letters 5_000))
              jar.Count |> Expect.equal "pieces" 3
              request registry jar Session.destroy |> Expect.equal "nothing is left" empty
              let jar = request registry jar (Session.signOut >> Session.flash notice "Goodbye")
              (jar.Count, Session.has big (load registry jar)) |> Expect.equal "one small cookie" (1, false)
              let flashes, _ = Session.takeFlashes notice (load registry jar)
              flashes |> Expect.equal "flash" [ "Goodbye" ]

          testCase "as documented: an old copy of a cookie stays good until its end, after a sign-out too"
          <| fun () ->
              let clock, registry = open' ()
              let jar = request registry empty (Session.signIn "ada")
              request registry jar Session.signOut |> Expect.equal "signed out" empty
              Session.owner (load registry jar) |> Expect.equal "the copy" (Some "ada")
              clock.Advance(TimeSpan.FromHours 2.)
              Session.owner (load registry jar) |> Expect.equal "until its end" None

          testCase "as documented: of two changes made from one cookie, the one that the browser keeps wins"
          <| fun () ->
              let _, registry = open' ()
              let jar = request registry empty increment
              let first = commit registry (Session.set note "first" (load registry jar))
              let second = commit registry (increment (load registry jar))
              let found = load registry (keep (keep jar first.Cookies) second.Cookies)
              (Session.tryGet note found, Session.getOr count 0 found)
              |> Expect.equal "the second alone" (None, 2)

          testCase "it has no handle, and cannot be listed or ended by owner"
          <| fun () ->
              let _, registry = open' ()
              let session = load registry (request registry empty (Session.signIn "ada"))
              SessionRegistry.handle session |> Expect.isNone "handle"

              let works: (unit -> System.Threading.Tasks.Task) list =
                  [ fun () -> SessionRegistry.forOwner "web" "ada" none registry
                    fun () -> SessionRegistry.revoke "web" "ada" "handle" none registry
                    fun () -> SessionRegistry.revokeOwner "web" "ada" none registry
                    fun () -> SessionRegistry.revokeOthers session none registry
                    fun () -> SessionRegistry.revokeAll "web" none registry ]

              for work in works do
                  let e = unsupported (fun () -> work().GetAwaiter().GetResult())
                  e.Message |> Expect.stringContains "driver" "\"cookie\""

          testCase "the driver's own functions raise, naming it"
          <| fun () ->
              let driver = CookieDriver.create ()
              let key = StoreKey.ofBytes (ReadOnlySpan(Array.zeroCreate<byte> 16))

              for work: (unit -> unit) in
                  [ fun () -> driver.Load key none |> ignore
                    fun () -> driver.Touch key DateTimeOffset.UnixEpoch none |> ignore
                    fun () -> driver.Delete key none |> ignore ] do
                  let e = unsupported work
                  e.Message |> Expect.stringContains "driver" "\"cookie\""

              driver.Guarantee |> Expect.equal "guarantee" DriverGuarantee.LastWriteWins

          testCase "promise 22: names live side by side, one in its cookie and one in a store"
          <| fun () ->
              let clock, registry = openWith id
              registry.Find("web").Definition.Seal.IsSome |> Expect.isTrue "in its cookie"
              let jar = request registry empty increment
              let jar = keep jar (commit registry (Session.set note "admin" (loadFrom registry "admin" jar))).Cookies
              (Session.getOr count 0 (load registry jar), Session.tryGet note (loadFrom registry "admin" jar))
              |> Expect.equal "both" (1, Some "admin")
              clock.Advance(TimeSpan.FromHours 2.) ]

let private largest registry =
    let rec from low high =
        if high - low <= 1 then
            low
        else
            let middle = (low + high) / 2

            try
                commit registry (Session.set big (letters middle) (load registry empty)) |> ignore
                from middle high
            with :? SessionTooLargeException ->
                from low middle

    // The digits of a version, a random number, differ from write to write.
    from 1 20_000 - 4

[<Tests>]
let sizes =
    testList
        "CookieHome sizes"
        [ testCase "promise 17: a session of any size up to the limit comes back, around 4 KiB and 8 KiB too"
          <| fun () ->
              let _, registry = open' ()
              let most = largest registry

              for length in [ 1; 2_600; 2_700; 2_750; 2_800; 2_850; 2_900; 3_000; most - 2; most - 1; most ] do
                  let text = letters length
                  let jar = request registry empty (Session.set big text)
                  Session.tryGet big (load registry jar) |> Expect.equal $"{length}" (Some text)
                  (characters jar <= 8_192) |> Expect.isTrue $"{length}"

          testCase
              "promise 18: more than 8,192 characters are an error with the sizes and the largest key, and nothing is sent"
          <| fun () ->
              let _, registry = open' ()
              let most = largest registry
              let jar = request registry empty (Session.set big (letters most))
              (characters jar >= 8_170) |> Expect.isTrue "full"

              let e =
                  raised<SessionTooLargeException, _>(fun () ->
                      let session = Session.set big (letters (most + 20)) (load registry jar)
                      SessionRegistry.commit session none registry)

              (e.Session, e.Limit, string e.LargestKey) |> Expect.equal "facts" ("web", 8_192, "big")
              (e.Size > 8_192) |> Expect.isTrue "size"
              for part in [ string e.Size; "8192"; "\"big\""; "cookie" ] do
                  e.Message |> Expect.stringContains "message" part

              Session.tryGet big (load registry jar) |> Expect.equal "as before" (Some(letters most))

          testCase "promise 18: the setting max_bytes holds too"
          <| fun () ->
              let _, registry = openWith (fun o -> { o with MaxBytes = 100 })

              let e =
                  raised<SessionTooLargeException, _>(fun () ->
                      SessionRegistry.commit (Session.set big (letters 200) (load registry empty)) none registry)

              e.Limit |> Expect.equal "limit" 100

          testCase "pieces that a shorter session needs no more are taken back"
          <| fun () ->
              let _, registry = open' ()
              let jar = request registry empty (Session.set big (letters 5_850))
              jar.Count |> Expect.equal "three pieces and the count" 4
              let jar = request registry jar (Session.set big (letters 3_500))
              jar.Count |> Expect.equal "two" 3
              let jar = request registry jar (Session.set big "small")
              jar |> Map.toList |> List.map fst |> Expect.equal "one" [ name ]
              Session.tryGet big (load registry jar) |> Expect.equal "value" (Some "small")

          testCase "pieces of an earlier commit of the same session, which no header has shown, are taken back"
          <| fun () ->
              let _, registry = open' ()
              let first = commit registry (Session.set big (letters 5_850) (load registry empty))
              let second = commit registry (Session.set big "small" first.Session)
              let jar = keep (keep empty first.Cookies) second.Cookies
              jar |> Map.toList |> List.map fst |> Expect.equal "one" [ name ]

          testCase "pieces that are left of a cookie that is gone are taken back"
          <| fun () ->
              let _, registry = open' ()
              let long = request registry empty (Session.set big (letters 5_850))
              let jar = request registry (long.Remove name) increment
              jar |> Map.toList |> List.map fst |> Expect.equal "one" [ name ] ]
