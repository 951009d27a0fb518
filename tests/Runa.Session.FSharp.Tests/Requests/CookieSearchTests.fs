/// Promise 6: which of the cookies that a browser sends is the session's, where the whole session is in it.
module Runa.Session.Tests.CookieSearchTests

open System
open System.Text
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.TestSupport.CookieJar

let private none = CancellationToken.None
let private big = SessionKey.create<string> "big"
let private name = "__Host-runa_session"
let private otherSecret = "another secret of 32 bytes and more, ok"

let private openAs application secrets change =
    SessionSetup.empty
    |> SessionSetup.secrets secrets
    |> SessionSetup.application application
    |> SessionSetup.session "web" (fun o -> change { o with Driver = "cookie" })
    |> SessionSetup.session "admin" (fun o -> change { o with Driver = "cookie" })
    |> SessionRegistry.create

let private shop = openAs "shop" [ secret ] id

let private openWith clock =
    SessionSetup.empty
    |> SessionSetup.secrets [ secret ]
    |> SessionSetup.application "shop"
    |> SessionSetup.timeProvider clock
    |> SessionSetup.session "web" (fun o -> { o with Driver = "cookie" })
    |> SessionRegistry.create

/// Sealed by this application, in a form that this version does not know.
let private newer =
    SealedCookie(KeyRing.ofSecrets [ secret ], Some "shop", "web").Seal(Encoding.UTF8.GetBytes """{"format":2}""")

let private load (registry: SessionRegistry) header = SessionRegistry.load "web" (Some header) none registry |> wait

let private make registry name change : CookieJar =
    let session = SessionRegistry.load name None none registry |> wait
    keep empty (SessionRegistry.commit (change session) none registry |> wait).Cookies

let private small n = make shop "web" (Session.set count n)
let private long (letter: char) = make shop "web" (Session.set big (String(letter, 5_000)))
let private found header = Session.tryGet count (load shop header)
let private pairs (jar: CookieJar) = String.Join("; ", [ for KeyValue(name, value) in jar -> $"{name}={value}" ])

[<Tests>]
let tests =
    testList
        "CookieSearch"
        [ testCase "promise 2: a cookie of another session name, application or secret is ignored"
          <| fun () ->
              let cookies =
                  [ "name", (make shop "admin" increment)["__Host-runa_admin_session"]
                    "application", (make (openAs "blog" [ secret ] id) "web" increment)[name]
                    "secret", (make (openAs "shop" [ otherSecret ] id) "web" increment)[name] ]

              for what, value in cookies do
                  let session = load shop $"{name}={value}"
                  (Session.status session, Session.isEmpty session) |> Expect.equal what (SessionStatus.New, true)

          testCase "applications share a cookie that is set to be shared, and no other"
          <| fun () ->
              let shared application =
                  openAs application [ secret ] (fun o ->
                      { o with
                          Shared = true
                          CookieName = $"__Secure-{o.CookieName.Length}"
                          CookieDomain = Some "example.com" })

              let jar = make (shared "shop") "web" increment
              Session.getOr count 0 (load (shared "blog") (pairs jar)) |> Expect.equal "shared" 1

          testCase "promise 24: secrets rotate with no one logged out, and a removed one ends its sessions"
          <| fun () ->
              let jar = pairs (make shop "web" (Session.signIn "ada"))
              let owner secrets = Session.owner (load (openAs "shop" secrets id) jar)
              owner [ otherSecret; secret ] |> Expect.equal "rotated" (Some "ada")
              owner [ otherSecret ] |> Expect.equal "removed" None

          testCase "† a valid one of at most four candidates wins: of several the one that was written last"
          <| fun () ->
              let mine, later = (small 1)[name], (small 2)[name]
              found $"{name}=junk; {name}={mine}; {name}=junk" |> Expect.equal "the second" (Some 1)
              // A browser sends the cookie of a longer path first, and keeps it after cookie_path was changed.
              found $"{name}={mine}; {name}={later}" |> Expect.equal "behind an older one" (Some 2)
              found $"{name}={later}; {name}={mine}" |> Expect.equal "before an older one" (Some 2)
              found $"{name}=a; {name}=b; {name}=c; {name}={mine}" |> Expect.equal "the fourth" (Some 1)
              found $"{name}=a; {name}=b; {name}=c; {name}=d; {name}={mine}"
              |> Expect.equal "a fifth is not read" None

          testCase "† planted cookies of the same name in another case, or percent-encoded, are not read"
          <| fun () ->
              let mine, other = (small 1)[name], (small 2)[name]
              let upper, lower = name.ToUpperInvariant(), name.ToLowerInvariant()
              found $"{upper}={other}; {lower}={other}; {name}={mine}" |> Expect.equal "ours" (Some 1)
              found $"{upper}={other}" |> Expect.equal "not theirs" None
              let encoded = Uri.EscapeDataString(name).Replace("_", "%5F")
              found $"{encoded}={other}" |> Expect.equal "nor under an encoded name" None
              let percent = other |> Seq.map (fun c -> $"%%{int c:X2}") |> String.Concat
              found $"{name}={percent}" |> Expect.equal "nor an encoded value" None

          testCase
              "promise 6: a cookie in pieces with one missing, swapped, cut, repeated or of another cookie is ignored"
          <| fun () ->
              let a, b = long 'a', long 'b'
              let piece n = $"{name}C{n}"
              a.Count |> Expect.equal "two pieces and the count" 3
              Session.has big (load shop (pairs a)) |> Expect.isTrue "whole"

              let cut (text: string) = text.Substring(0, text.Length - 1)

              let forged: (string * CookieJar) list =
                  [ "missing first", a.Remove(piece 1)
                    "missing last", a.Remove(piece 2)
                    "missing count", a.Remove name
                    "swapped", a.Add(piece 1, a[piece 2]).Add(piece 2, a[piece 1])
                    "cut", a.Add(piece 2, cut a[piece 2])
                    "moved",
                    a
                        .Add(piece 1, cut a[piece 1])
                        .Add(piece 2, a[piece 1].Substring(a[piece 1].Length - 1) + a[piece 2] + "A")
                    "repeated", a.Add(piece 2, a[piece 1])
                    "of another cookie", a.Add(piece 2, b[piece 2])
                    "one too few", a.Add(name, "chunks-1")
                    "one too many", a.Add(name, "chunks-3").Add(piece 3, "A")
                    "chunks-0", a.Add(name, "chunks-0")
                    "chunks--1", a.Add(name, "chunks--1")
                    "chunks-999999", a.Add(name, "chunks-999999")
                    "chunks-2147483647", a.Add(name, "chunks-2147483647") ]

              for what, jar in forged do
                  let session = load shop (pairs jar)
                  (Session.status session, Session.isEmpty session) |> Expect.equal what (SessionStatus.New, true)

          testCase "† planted pieces in another case do not stand in for a missing one"
          <| fun () ->
              let a = long 'a'
              let second = $"{name}C2"
              let planted = a.Remove(second).Add(second.ToLowerInvariant(), a[second])
              Session.has big (load shop (pairs planted)) |> Expect.isFalse "missing"
              let beside = a.Add(second.ToLowerInvariant(), "AAAA")
              Session.has big (load shop (pairs beside)) |> Expect.isTrue "ours is whole"

          testCase "promise 6: cookies of a neighbour's path before ours, whole or in pieces, do not hide it"
          <| fun () ->
              let ours, theirs =
                  long 'a', make (openAs "blog" [ secret ] id) "web" (Session.set big (String('x', 5_000)))
              Session.tryGet big (load shop (pairs theirs + "; " + pairs ours))
              |> Expect.equal "ours" (Some(String('a', 5_000)))

          testCase "promise 6: Cookie headers of any bytes are ignored"
          <| fun () ->
              let random = Random 7

              for _ in 1..2_000 do
                  let bytes = Array.zeroCreate (random.Next 300)
                  random.NextBytes bytes
                  let junk = Encoding.Latin1.GetString bytes
                  let count = random.Next 12
                  let header = $"{name}=chunks-{count}; {name}C1={junk}; {name}C2={junk}; {name}={junk}"
                  Session.status (load shop header) |> Expect.equal (Uri.EscapeDataString header) SessionStatus.New

          testCase
              "promise 6, 17: a genuine cookie in a form of another version counts as gone, and the next write replaces it"
          <| fun () ->
              let jar = keep empty [ $"{name}={newer}" ]
              let session = load shop (pairs jar)
              (Session.status session, Session.isEmpty session)
              |> Expect.equal "gone" (SessionStatus.Expired, true)
              let written = SessionRegistry.commit (increment session) none shop |> wait
              found (pairs (keep jar written.Cookies)) |> Expect.equal "replaced" (Some 1)

          testCase
              "promise 14: with on_unreadable = \"error\" a genuine cookie in a form of another version is an error"
          <| fun () ->
              let strict = openAs "shop" [ secret ] (fun o -> { o with OnUnreadable = OnUnreadable.Error })

              let e =
                  raised<SessionStoreException, _>(fun () ->
                      SessionRegistry.load "web" (Some $"{name}={newer}") none strict)

              e.MayHaveBeenSaved |> Expect.isFalse "nothing was written"
              let mine = (small 1)[name]
              Session.tryGet count (load strict $"{name}={newer}; {name}={mine}")
              |> Expect.equal "unless another is good" (Some 1)

          testCase "a sign-out under an unreadable cookie takes it back"
          <| fun () ->
              let session = load shop $"{name}={newer}"
              let written = SessionRegistry.commit (Session.signOut session) none shop |> wait
              keep (keep empty [ $"{name}={newer}" ]) written.Cookies |> Expect.equal "none is left" empty

          testCase "a cookie whose session is over, before or behind one that is good, does not hide it"
          <| fun () ->
              let clock = clock ()
              let shop = openWith clock
              let at change = pairs (make shop "web" change)
              let old = at (Session.set count 1)
              clock.Advance(TimeSpan.FromHours 2.)
              let later, big' = at (Session.set count 2), at (Session.set big (String('x', 5_000)))
              let status header = Session.tryGet count (load shop header), Session.has big (load shop header)
              status $"{old}; {later}" |> Expect.equal "before" (Some 2, false)
              status $"{later}; {old}" |> Expect.equal "behind" (Some 2, false)
              status $"{old}; {big'}" |> Expect.equal "one in pieces" (None, true)
              Session.status (load shop old) |> Expect.equal "alone" SessionStatus.Expired ]
