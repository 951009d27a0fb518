module Runa.Session.Tests.ProfileRulesTests

open System
open Expecto
open Runa.Session

let private hours (count: float) = TimeSpan.FromHours count
let private minutes (count: float) = TimeSpan.FromMinutes count

/// Settings that meet every profile.
let private strict: SessionSettings =
    { SessionSettings.defaults "web" with
        Ttl = hours 1.
        MaxTtl = hours 12.
        IdleTimeout = Some(minutes 15.)
        Persistent = false }

let private under (profile: SessionProfile) (o: SessionSettings) = { o with Profile = Some profile }
let private deviations o = SessionSettings.mistakes "web" o

let private asvs, aal2, aal3 = SessionProfile.AsvsL2, SessionProfile.NistAal2, SessionProfile.NistAal3

let private deviating: (SessionProfile * (SessionSettings -> SessionSettings) * string) list =
    [ asvs, (fun o -> { o with IdleTimeout = None }), "idle_timeout is not set: ASVS 7.3.1 wants a session to end"
      asvs,
      (fun o -> { o with CookieName = "sid" }),
      "cookie_name = \"sid\": ASVS 3.3.1 and 3.3.3 wants a name that begins"
      asvs, (fun o -> { o with CookieName = "__Secure-sid" }), "cookie_name = \"__Secure-sid\": ASVS 3.3.1 and 3.3.3"
      asvs, (fun o -> { o with CookieName = "__Http-sid" }), "cookie_name = \"__Http-sid\": ASVS 3.3.1 and 3.3.3"
      asvs, (fun o -> { o with HttpOnly = false }), "HttpOnly = false: ASVS 3.3.4"
      asvs, (fun o -> { o with SameSite = SameSite.None }), "same_site: ASVS 3.3.2 wants lax or strict"
      asvs, (fun o -> { o with SameSite = SameSite.Unspecified }), "same_site: ASVS 3.3.2 wants lax or strict"
      asvs,
      (fun o -> { o with CookieName = "sid"; Secure = CookieSecure.SameAsRequest }),
      "secure: ASVS 3.3.1 wants the cookie to be Secure"
      aal2,
      (fun o -> { o with MaxTtl = hours 25. }),
      "max_ttl = 1d1h: SP 800-63B-4 2.2.3 wants a new sign-in after at most 1d"
      aal2, (fun o -> { o with IdleTimeout = None }), "idle_timeout is not set: SP 800-63B-4 2.2.3 wants"
      aal2,
      (fun o -> { o with Ttl = hours 2.; IdleTimeout = Some(minutes 61.) }),
      "idle_timeout = 1h1m: SP 800-63B-4 2.2.3 wants at most 1h"
      aal2, (fun o -> { o with Persistent = true }), "persistent = true: SP 800-63B-4 5.1"
      aal2, (fun o -> { o with CookieName = "sid" }), "cookie_name = \"sid\": SP 800-63B-4 5.1.1 (5)"
      aal2, (fun o -> { o with HttpOnly = false }), "HttpOnly = false: SP 800-63B-4 5.1.1 (3)"
      aal2, (fun o -> { o with SameSite = SameSite.None }), "same_site: SP 800-63B-4 5.1.1 (6)"
      aal3,
      (fun o -> { o with MaxTtl = hours 13. }),
      "max_ttl = 13h: SP 800-63B-4 2.3.3 wants a new sign-in after at most 12h"
      aal3,
      (fun o -> { o with IdleTimeout = Some(minutes 16.) }),
      "idle_timeout = 16m: SP 800-63B-4 2.3.3 wants at most 15m" ]

let private capabilities =
    [ asvs, true, false, "ASVS 7.4.1"
      asvs, false, false, "ASVS 7.4.2, 7.4.3, 7.4.5 and 7.5.2"
      aal2, true, false, "SP 800-63B-4 5.1"
      aal3, true, false, "SP 800-63B-4 5.1" ]

[<Tests>]
let tests =
    testList
        "ProfileRules"
        [ test "settings that meet the strictest profile meet all" {
              for profile in [ asvs; aal2; aal3 ] do
                  Expect.equal (deviations (under profile strict)) [] $"{profile}"
          }

          test "without a profile nothing is demanded" {
              Expect.equal (deviations (SessionSettings.defaults "web")) [] "the defaults"
          }

          test "promise 23: each deviation is told, with the profile and the number of the requirement" {
              for profile, change, expected in deviating do
                  let told = strict |> change |> under profile |> deviations
                  let start = $"session \"web\": profile = \"{ProfileRules.text profile}\": "
                  let isExpected (mistake: string) = mistake.StartsWith(start + expected, StringComparison.Ordinal)
                  Expect.hasLength (List.filter isExpected told) 1 $"{expected}: %A{told}"
                  Expect.all told _.StartsWith(start, StringComparison.Ordinal) $"{expected}: nothing else"
                  Expect.all told _.EndsWith('.') "sentences"
          }

          test "a cookie for several hosts may be named __Secure- or __Http-" {
              for name in [ "__Secure-sid"; "__Http-sid" ] do
                  let o = { strict with CookieName = name; CookieDomain = Some "example.com"; Shared = true }
                  Expect.equal (deviations (under asvs o)) [] name

              let o = { strict with CookieName = "__Host-Http-sid" }
              Expect.equal (deviations (under asvs o)) [] "for one host"
          }

          test "promise 23: so is a driver that cannot do what the profile wants" {
              for profile, isCookie, hasOwners, expected in capabilities do
                  match ProfileRules.checkDriver "web" (under profile strict) isCookie hasOwners with
                  | [ told ] -> Expect.stringContains told expected $"%A{profile}"
                  | told -> failtest $"%A{(profile, isCookie, hasOwners)}: %A{told}"

              for profile in [ asvs; aal2; aal3 ] do
                  Expect.equal
                      (ProfileRules.checkDriver "web" (under profile strict) false true)
                      []
                      $"{profile}: a store with owners"

              for profile in [ aal2; aal3 ] do
                  Expect.equal
                      (ProfileRules.checkDriver "web" (under profile strict) false false)
                      []
                      $"{profile}: any store"
          } ]
