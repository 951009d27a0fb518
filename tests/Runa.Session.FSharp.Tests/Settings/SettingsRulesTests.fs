module Runa.Session.Tests.SettingsRulesTests

open System
open Expecto
open Microsoft.AspNetCore.Http
open Runa.Session

let private web = SessionSettings.defaults "web"
let private plain = { web with CookieName = "shop" }

/// The one mistake of these settings, with the key, the value and what is allowed in it.
let private mistake (parts: string list) (o: SessionSettings) =
    match SettingsRules.check "web" o with
    | [ sentence ] ->
        for part in "session \"web\"" :: parts do
            Expect.stringContains sentence part "the sentence"

        Expect.stringEnds sentence "." "a sentence"
    | mistakes -> failtest $"%A{mistakes}"

let private good (o: SessionSettings) = Expect.equal (SettingsRules.check "web" o) [] "no mistake"

[<Tests>]
let cookies =
    testList
        "SettingsRules cookies"
        [ test "the defaults are right for every name" {
              for name in [ "web"; "admin"; "api"; "a.b-c_d" ] do
                  Expect.equal (SettingsRules.check name (SessionSettings.defaults name)) [] name
          }

          test "promise 19: __Host- implies Secure, the path / and no domain, whatever the case of the prefix" {
              for name in [ "__Host-a"; "__host-a"; "__HOST-a" ] do
                  let o = { web with CookieName = name }
                  good o
                  mistake [ "secure = same_as_request"; "always" ] { o with Secure = CookieSecure.SameAsRequest }
                  mistake [ "secure = never"; "always" ] { o with Secure = CookieSecure.Never }
                  mistake [ "cookie_path = \"/shop\""; "the path /" ] { o with CookiePath = "/shop" }
                  mistake
                      [ "cookie_domain = \"example.com\""; "no domain" ]
                      { o with CookieDomain = Some "example.com" }
          }

          test "promise 19: __Secure- implies Secure and leaves path and domain free" {
              let o = { web with CookieName = "__Secure-a"; CookiePath = "/shop"; CookieDomain = Some "example.com" }
              good o
              mistake [ "secure = same_as_request"; "always" ] { o with Secure = CookieSecure.SameAsRequest }
              mistake [ "secure = never"; "always" ] { o with CookieName = "__secure-a"; Secure = CookieSecure.Never }
          }

          test "promise 19: __Http- implies Secure and HttpOnly, and leaves path and domain free" {
              for name in [ "__Http-a"; "__http-a" ] do
                  let o = { web with CookieName = name; CookiePath = "/shop"; CookieDomain = Some "example.com" }
                  good o
                  mistake [ "secure = never"; "named __Http-…"; "always" ] { o with Secure = CookieSecure.Never }
                  mistake [ "HttpOnly = false"; "named __Http-…"; "hidden from scripts" ] { o with HttpOnly = false }
          }

          test "promise 19: __Host-Http- implies what both prefixes do" {
              for name in [ "__Host-Http-a"; "__HOST-HTTP-a" ] do
                  let o = { web with CookieName = name }
                  let named = "named __Host-Http-…"
                  good o
                  mistake [ "secure = never"; named ] { o with Secure = CookieSecure.Never }
                  mistake [ "HttpOnly = false"; named ] { o with HttpOnly = false }
                  mistake [ "cookie_path = \"/shop\""; named; "the path /" ] { o with CookiePath = "/shop" }
                  mistake [ "cookie_domain"; named; "no domain" ] { o with CookieDomain = Some "example.com" }
                  mistake [ "shared = true"; named; "one host only" ] { o with Shared = true }

              good { web with CookieName = "__Host-a"; HttpOnly = false }
          }

          test "a name without a prefix gets the strictest that the settings allow" {
              let own = { web with CookieName = "sid" }

              for o, better in
                  [ own, Some "__Host-sid"
                    { own with HttpOnly = false }, Some "__Host-sid"
                    { own with CookiePath = "/shop" }, Some "__Secure-sid"
                    { own with CookieDomain = Some "example.com" }, Some "__Secure-sid"
                    { own with Shared = true }, Some "__Secure-sid"
                    { own with Secure = CookieSecure.Never }, None
                    { own with Secure = CookieSecure.SameAsRequest }, None
                    { own with CookieName = String('a', 128) }, None
                    { own with CookieName = String('a', 115) }, Some("__Host-" + String('a', 115))
                    { own with CookieName = String('a', 115); DeviceBound = DeviceBound.Offer },
                    Some("__Host-" + String('a', 115))
                    { own with CookieName = String('a', 116); DeviceBound = DeviceBound.Offer }, None
                    { own with CookieName = "__Http-sid" }, None
                    web, None ] do
                  Expect.equal (SettingsRules.betterName o) better $"%A{o}"
                  better |> Option.iter (fun name -> good { o with CookieName = name })
          }

          test "promise 19: SameSite=None and Partitioned need Secure" {
              good { plain with SameSite = SameSite.None; Partitioned = true }

              for secure, text in [ CookieSecure.SameAsRequest, "same_as_request"; CookieSecure.Never, "never" ] do
                  let o = { plain with Secure = secure }
                  good o
                  mistake [ "same_site = none"; "secure = always"; text ] { o with SameSite = SameSite.None }
                  mistake [ "partitioned = true"; "secure = always"; text ] { o with Partitioned = true }
          }

          test "promise 23: SameSite and Secure are values of their enums" {
              for same in [ SameSite.Unspecified; SameSite.Lax; SameSite.Strict ] do
                  good { plain with SameSite = same }
          }

          test "a shared session needs a cookie that reaches other hosts" {
              mistake [ "shared = true"; "cookie_name" ] { web with Shared = true }
              good { plain with Shared = true; CookieDomain = Some "example.com" }
          }

          test "† names, paths and domains are checked by grammar" {
              mistake [ "cookie_name = \"a b\""; "letters, digits" ] { plain with CookieName = "a b" }
              mistake [ "cookie_name = \"\"" ] { plain with CookieName = "" }
              mistake
                  [ "cookie_path = \"/; Domain=evil\""; "no semicolon" ]
                  { plain with CookiePath = "/; Domain=evil" }
              mistake
                  [ "cookie_domain = \".example.com\""; "no leading dot" ]
                  { plain with CookieDomain = Some ".example.com" }
          } ]

[<Tests>]
let life =
    testList
        "SettingsRules life"
        [ test "ttl, max_ttl, idle_timeout and max_bytes have bounds" {
              let hours n = TimeSpan.FromHours(float n)
              mistake [ "ttl = 00:00:00"; "1 second" ] { web with Ttl = TimeSpan.Zero }
              mistake [ "max_ttl = 1h"; "2h" ] { web with MaxTtl = hours 1 }
              mistake [ "max_ttl = 401d"; "400 days" ] { web with MaxTtl = TimeSpan.FromDays 401. }
              mistake
                  [ "idle_timeout = 3h"; "must be not longer than the ttl (2h)" ]
                  { web with IdleTimeout = Some(hours 3) }
              mistake [ "idle_timeout = 00:00:00"; "1 second" ] { web with IdleTimeout = Some TimeSpan.Zero }
              mistake [ "max_bytes = 0"; "must be at least 1" ] { web with MaxBytes = 0 }
              good { web with IdleTimeout = Some web.Ttl; MaxTtl = web.Ttl; MaxBytes = 1 }
          }

          test "promise 29: rotate is at least 10 minutes, and on_theft = ignore needs it, or device_bound" {
              mistake [ "rotate = 9m"; "at least 10m" ] { web with Rotate = Some(TimeSpan.FromMinutes 9.) }
              mistake [ "on_theft = ignore"; "without rotate or device_bound" ] { web with OnTheft = OnTheft.Ignore }
              good { web with DeviceBound = DeviceBound.Offer; OnTheft = OnTheft.Ignore }
              good { web with Rotate = Some(TimeSpan.FromMinutes 10.); OnTheft = OnTheft.Ignore }

              SettingsRules.checkRotation "web" { web with Rotate = Some(TimeSpan.FromHours 1.) } false
              |> List.exists _.Contains("cannot compare and swap", StringComparison.Ordinal)
              |> Expect.isTrue
              <| "a driver that cannot"
          }

          test "a session's name is short and plain" {
              for name in [ ""; "a b"; "ä"; "a/b"; "a:b"; String('a', 65) ] do
                  let mistakes = SettingsRules.check name plain
                  Expect.hasLength mistakes 1 name
                  Expect.stringContains mistakes[0] "letters, digits" name
          }

          test "promise 23: all mistakes of a session are told at once, each its own sentence" {
              let o =
                  { web with
                      CookiePath = "/shop"
                      CookieDomain = Some "example.com"
                      SameSite = SameSite.None
                      Secure = CookieSecure.Never
                      Ttl = TimeSpan.Zero
                      MaxBytes = -1 }

              let mistakes = SettingsRules.check "web" o

              for key in [ "secure = never"; "cookie_path"; "cookie_domain"; "same_site"; "ttl"; "max_bytes" ] do
                  Expect.exists mistakes (fun sentence -> sentence.Contains key) key

              Expect.hasLength (List.distinct mistakes) 6 "no more"
          }

          test "two sessions with one cookie name are named, with the cookie" {
              let sessions = [ "web", plain; "admin", plain; "api", web ]
              let mistakes = SettingsRules.checkAll sessions
              Expect.hasLength mistakes 1 "one"

              for part in [ "\"web\" and \"admin\""; "cookie_name = \"shop\"" ] do
                  Expect.stringContains mistakes[0] part "the sentence"

              Expect.equal (SettingsRules.checkAll [ "web", plain; "api", web ]) [] "none"
          } ]
