module Runa.Session.Tests.DeviceRulesTests

open System
open Expecto
open Microsoft.AspNetCore.Http
open Runa.Session

let private web = SessionSettings.defaults "web"
let private on =
    [ DeviceBound.Offer, "device_bound = offer"; DeviceBound.Require, "device_bound = require" ]

let private says (parts: string list) (mistakes: string list) =
    match mistakes with
    | [ sentence ] ->
        for part in parts do
            Expect.stringContains sentence part "the sentence"

        Expect.stringEnds sentence "." "a sentence"
    | mistakes -> failtest $"%A{mistakes}"

/// A session named "web" that must not be bound as it is, what the mistake says, and how it could be bound.
let private rows: (string * SessionSettings * string list * SessionSettings) list =
    let plain = { web with CookieName = "shop" }
    let long = String('a', 123)

    [ for secure, text in [ CookieSecure.SameAsRequest, "same_as_request"; CookieSecure.Never, "never" ] do
          $"secure = {text}", { plain with Secure = secure }, [ $"secure = {text}"; "set secure = always" ], plain

      "partitioned", { web with Partitioned = true }, [ "partitioned = true"; "set partitioned = false" ], web

      "same_site = none",
      { web with SameSite = SameSite.None },
      [ "requests from other sites"; "set same_site = lax" ],
      web

      "a cookie_domain",
      { plain with CookieDomain = Some "example.com" },
      [ "one host"; "cookie_domain = \"example.com\""; "leave cookie_domain out" ],
      plain

      "shared", { plain with Shared = true }, [ "one host"; "shared = true"; "set shared = false" ], plain

      "too long a name",
      { web with CookieName = long },
      [ $"cookie_name = \"{long}\""; "<cookie_name>_bound"; "123 characters"; "at most 122" ],
      { web with CookieName = String('a', 122) } ]

let private settings =
    [ for name, o, parts, right in rows do
          test $"promise 23: a bound session cannot have {name}" {
              Expect.equal (SettingsRules.check "web" o) [] "right without device_bound"

              for bound, text in on do
                  SettingsRules.check "web" { o with DeviceBound = bound }
                  |> says ("session \"web\": " + text + ": " :: "set device_bound = off" :: parts)

                  Expect.equal (SettingsRules.check "web" { right with DeviceBound = bound }) [] "what it says is right"
          }

      test "promise 23: each thing that a bound session cannot have is told" {
          let o =
              { web with
                  CookieName = "shop"
                  CookieDomain = Some "example.com"
                  Shared = true
                  Secure = CookieSecure.Never
                  DeviceBound = DeviceBound.Offer }

          Expect.hasLength (SettingsRules.check "web" o) 3 "secure, cookie_domain, shared"
      }

      test "promise 23: a cookie_name that is no name is told once" {
          { web with CookieName = String('a', 129); DeviceBound = DeviceBound.Offer }
          |> SettingsRules.check "web"
          |> says [ "1 to 128" ]
      }

      test "a bound session can have every other setting" {
          for bound, _ in on do
              for o in
                  [ web
                    { web with HttpOnly = false }
                    { web with SameSite = SameSite.Strict; Persistent = false; IsEssential = false; Sealed = true }
                    { web with CookieName = "__Secure-a"; CookiePath = "/shop" }
                    { web with Rotate = Some(TimeSpan.FromMinutes 15.); OnTheft = OnTheft.Ignore } ] do
                  Expect.equal (SettingsRules.check "web" { o with DeviceBound = bound }) [] $"%A{o}"
      } ]

let private several =
    let named (names: string list) =
        [ for name in names -> name, { SessionSettings.defaults name with DeviceBound = DeviceBound.Offer } ]

    [ test "promise 23: no other session has the name of the bound cookie" {
          let shop name = { SessionSettings.defaults "shop" with CookieName = name }
          let bound = { shop "a" with DeviceBound = DeviceBound.Require }

          SettingsRules.checkAll [ "web", shop "a_bound"; "shop", bound ]
          |> says
              [ "sessions \"shop\" and \"web\": cookie_name = \"a_bound\": device_bound = require"
                "choose another name for \"web\"" ]

          for right in
              [ [ "web", shop "a_bound"; "shop", shop "a" ]
                [ "web", shop "a_Bound"; "shop", bound ]
                [ "web", shop "b_bound"; "shop", bound ] ] do
              Expect.equal (SettingsRules.checkAll right) [] $"%A{List.map fst right}"
      }

      test "promise 23: the piece of a long cookie never has the name of a bound cookie" {
          for piece in 1 .. CookiePieces.most do
              let name = CookiePieces.nameOf "a_bound" piece
              Expect.isFalse (name.EndsWith(CookieRules.boundName "", StringComparison.Ordinal)) name
      }

      test "promise 23: at most two sessions are bound" {
          let unbound = [ "admin", SessionSettings.defaults "admin" ]
          Expect.equal (SettingsRules.checkAll (named [ "web"; "shop" ] @ unbound)) [] "two"

          let third = [ "api", { SessionSettings.defaults "api" with DeviceBound = DeviceBound.Require } ]

          SettingsRules.checkAll (named [ "web"; "shop" ] @ unbound @ third)
          |> says
              [ "sessions \"api\" (device_bound = require), \"shop\" (device_bound = offer), \"web\" (device_bound = offer): "
                "enough for two"
                "set device_bound = off for the others" ]
      } ]

let private drivers =
    [ test "promise 23: a bound session needs a store that compares and swaps" {
          for bound, text in on do
              let o = { web with Driver = "vault"; DeviceBound = bound }
              let start = $"session \"web\": {text}: the driver \"vault\" "
              let what = "choose memory, sql or redis, or set device_bound = off"

              for comparesAndSwaps in [ true; false ] do
                  DeviceRules.checkDriver "web" o true comparesAndSwaps
                  |> says [ start + "keeps sessions in their cookies"; what ]

              DeviceRules.checkDriver "web" o false false |> says [ start + "cannot compare and swap"; what ]

              Expect.equal (DeviceRules.checkDriver "web" o false true) [] "a store that does"

          for isCookie, comparesAndSwaps in [ true, false; false, false; false, true ] do
              Expect.equal (DeviceRules.checkDriver "web" web isCookie comparesAndSwaps) [] "not bound"
      } ]

[<Tests>]
let tests = testList "DeviceRules" (settings @ several @ drivers)
