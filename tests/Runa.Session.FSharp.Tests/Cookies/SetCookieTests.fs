module Runa.Session.Tests.SetCookieTests

open System
open Expecto
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.Tests.Engine

let private settings = SessionSettings.defaults "web"

let private cookie (o: SessionSettings) = SessionSettings.cookie o
let private hour = TimeSpan.FromHours 1.
let private set (o: SessionSettings) isHttps = (cookie o).Set("v", hour, isHttps)

[<Tests>]
let tests =
    testList
        "SetCookie"
        [ test "promise 19: the defaults are __Host-, path /, Lax, Secure, HttpOnly, and the remaining life" {
              let expected = "__Host-runa_session=v; Max-Age=3600; Path=/; SameSite=Lax; Secure; HttpOnly"
              Expect.equal (set settings true) expected "over https"
              Expect.equal (set settings false) expected "over http the same: always"
          }

          test "promise 19: every attribute is sent as set" {
              let o =
                  { settings with
                      CookieName = "shop"
                      CookieDomain = Some "example.com"
                      CookiePath = "/shop"
                      HttpOnly = false
                      SameSite = SameSite.None
                      Partitioned = true }

              Expect.equal
                  (set o true)
                  "shop=v; Max-Age=3600; Domain=example.com; Path=/shop; SameSite=None; Secure; Partitioned"
                  "all of them"

              Expect.stringContains (set { o with SameSite = SameSite.Strict } true) "; SameSite=Strict" "strict"
              Expect.isFalse ((set { o with SameSite = SameSite.Unspecified } true).Contains "SameSite") "unspecified"
          }

          test "Secure follows the policy" {
              for policy, isHttps, expected in
                  [ CookieSecure.Always, true, true
                    CookieSecure.Always, false, true
                    CookieSecure.SameAsRequest, true, true
                    CookieSecure.SameAsRequest, false, false
                    CookieSecure.Never, true, false
                    CookieSecure.Never, false, false ] do
                  let o = { settings with CookieName = "a"; Secure = policy }
                  Expect.equal ((set o isHttps).Contains "; Secure") expected $"{policy}, https {isHttps}"
                  Expect.equal ((cookie o).IsSecure isHttps) expected "and says so"
          }

          test "Max-Age is whole seconds, rounded up, never negative; there is no Expires" {
              let cookie = cookie settings

              for life, age in
                  [ TimeSpan.FromSeconds 1.2, 2
                    TimeSpan.Zero, 0
                    TimeSpan.FromSeconds -5., 0
                    TimeSpan.FromDays 30., 2_592_000 ] do
                  let text = cookie.Set("v", life, true)
                  Expect.stringContains text $"; Max-Age={age};" $"{life}"
                  Expect.isFalse (text.Contains "Expires") "no Expires"
          }

          test "a cookie that is not persistent has no Max-Age: it is gone with the browser" {
              let text = set { settings with Persistent = false } true
              Expect.equal text "__Host-runa_session=v; Path=/; SameSite=Lax; Secure; HttpOnly" "no Max-Age"
          }

          test "taking it back has the attributes of setting it, and ends it at once" {
              for o in
                  [ settings
                    { settings with Persistent = false }
                    { settings with CookieName = "a"; CookieDomain = Some "b.c" } ] do
                  let attributes (text: string) =
                      text.Split "; "
                      |> List.ofArray
                      |> List.tail
                      |> List.filter (fun a -> not (a.StartsWith "Max-Age"))

                  let expired = (cookie o).Expire true
                  Expect.stringStarts expired $"{o.CookieName}=; Max-Age=0; " "empty, ended"
                  Expect.equal (attributes expired) (attributes (set o true)) "the same attributes"
          } ]
