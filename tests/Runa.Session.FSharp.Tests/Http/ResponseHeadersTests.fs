module Runa.Session.Tests.ResponseHeadersTests

open Microsoft.Extensions.Primitives
open Expecto
open Runa.Session

let private control (current: string) (setsCookie: bool) =
    (ResponseHeaders.cacheControl (StringValues current) setsCookie).ToString()

let private cases =
    [ "", "private", "private, no-cache=\"Set-Cookie\""
      "no-store", "no-store", "no-store"
      "no-cache", "no-cache, private", "no-cache, private"
      "private, max-age=60", "max-age=60, private", "no-cache=\"Set-Cookie\", max-age=60, private"
      "public", "private", "no-cache=\"Set-Cookie\", private"
      "public, max-age=60", "max-age=60, private", "no-cache=\"Set-Cookie\", max-age=60, private"
      "public, s-maxage=600", "private", "no-cache=\"Set-Cookie\", private"
      "s-maxage=600", "private", "no-cache=\"Set-Cookie\", private"
      "private=\"X-User\", max-age=5", "max-age=5, private", "no-cache=\"Set-Cookie\", max-age=5, private"
      "no-cache=\"X-User\"", "no-cache=\"X-User\", private", "no-cache=\"X-User, Set-Cookie\", private"
      "no-cache=\"Set-Cookie\"", "no-cache=\"Set-Cookie\", private", "no-cache=\"Set-Cookie\", private"
      "public, must-revalidate, x-own=1",
      "must-revalidate, private, x-own=1",
      "no-cache=\"Set-Cookie\", must-revalidate, private, x-own=1"
      "=,=", "private", "private, no-cache=\"Set-Cookie\"" ]

/// The directives, in no order; lists of names in one order.
let private directives (value: string) = Microsoft.Net.Http.Headers.CacheControlHeaderValue.Parse(StringSegment value)

[<Tests>]
let tests =
    testList
        "ResponseHeaders"
        [ for current, reading, setting in cases do
              test $"promise 20: \"{current}\" becomes \"{reading}\", and with a cookie \"{setting}\"" {
                  Expect.equal (directives (control current false)) (directives reading) "a response that read"
                  Expect.equal (directives (control current true)) (directives setting) "a response that sets a cookie"
              }

          for current, _, _ in cases do
              test $"promise 20: \"{current}\" twice is as once" {
                  for setsCookie in [ false; true ] do
                      let once = control current setsCookie
                      Expect.equal (directives (control once setsCookie)) (directives once) "nothing piles up"
              }

          for current, expected in
              [ [], [ "Cookie" ]
                [ "Accept" ], [ "Accept"; "Cookie" ]
                [ "Accept, cookie" ], [ "Accept, cookie" ]
                [ "Accept"; "Cookie" ], [ "Accept"; "Cookie" ]
                [ "Cookie2" ], [ "Cookie2"; "Cookie" ]
                [ "*" ], [ "*" ] ] do
              test $"promise 20: Vary %A{current} becomes %A{expected}" {
                  let vary = ResponseHeaders.vary (StringValues(Array.ofList current))
                  Expect.equal (List.ofSeq vary) expected "once"
                  Expect.equal (List.ofSeq (ResponseHeaders.vary vary)) expected "and not twice"
              }

          for host, expected in
              [ "localhost", true
                "LOCALHOST", true
                "app.localhost", true
                "127.0.0.1", true
                "127.8.8.8", true
                "[::1]", true
                "::1", true
                "example.com", false
                "notlocalhost", false
                "localhost.example.com", false
                "10.0.0.1", false
                "", false ] do
              test $"browsers trust \"{host}\" with a Secure cookie over http: {expected}" {
                  Expect.equal (ResponseHeaders.isTrusted host) expected "the host"
              } ]
