module Runa.Session.Tests.CookiePiecesTests

open System
open Expecto
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.Tests.Engine

let private cookieOf name path persistent =
    SetCookie(name, None, path, true, CookieSecure.Always, SameSite.Lax, false, persistent, true)

let private cookie = cookieOf "sid" "/" true
let private hour = TimeSpan.FromHours 1.
let private letters count = String('a', count)

let private set (text: string) (held: int) : string list * int =
    let struct (texts, pieces) = setPieces cookie text hour held true
    texts, pieces

let private pair (text: string) =
    let pair = text.Split(';')[0]
    let at = pair.IndexOf '='
    pair.Substring(0, at), pair.Substring(at + 1)

let private attributes (text: string) =
    text.Split(';') |> Array.skip 1 |> Array.map (fun part -> part.Trim().ToLowerInvariant()) |> Set

let private join (header: string) (place: int) (count: int) : string option =
    match CookiePieces.tryJoin (StringValues header) "sid" place count with
    | ValueSome text -> Some text
    | ValueNone -> None

[<Tests>]
let writing =
    testList
        "CookiePieces writing"
        [ test "a short text is one cookie with the attributes of every session cookie, in the framework's spelling" {
              let texts, pieces = set "abc" 0
              Expect.equal (List.map pair texts, pieces) ([ "sid", "abc" ], 0) "one"

              let own = cookie.Set("abc", hour, true)
              Expect.equal (attributes texts.Head) (attributes own) "attributes, but for their case"
          }

          test "promise 19: domain, Partitioned and SameSite are sent as set, and there is never an Expires" {
              for isPersistent in [ true; false ] do
                  let cookie =
                      SetCookie(
                          "sid",
                          Some "example.com",
                          "/shop",
                          false,
                          CookieSecure.SameAsRequest,
                          SameSite.None,
                          true,
                          isPersistent,
                          true
                      )

                  for isHttps in [ true; false ] do
                      let struct (texts, _) = setPieces cookie (letters 6_000) hour 0 isHttps
                      Expect.hasLength texts 3 "pieces"

                      for text in texts do
                          Expect.equal (attributes text) (attributes (cookie.Set("", hour, isHttps))) text
                          Expect.equal (attributes text |> Set.exists _.StartsWith("max-age")) isPersistent "Max-Age"
                          Expect.isFalse (attributes text |> Set.exists _.StartsWith("expires")) "no Expires"
          }

          test "Max-Age is rounded up to whole seconds, as with any session cookie" {
              let struct (texts, _) = setPieces cookie "abc" (TimeSpan.FromSeconds 9.2) 0 true
              Expect.contains (attributes texts.Head) "max-age=10" "seconds"
          }

          test "a long text is cut into pieces that no browser refuses, and joined again" {
              for length in [ 3_900; 4_000; 4_050; 4_096; 8_000; 8_192 ] do
                  let text = String(Array.init length (fun i -> "0123456789abcdef"[i % 16]))
                  let texts, pieces = set text 0
                  Expect.all texts (fun text -> text.Length <= 4_096) "at most 4 KiB each"
                  let pairs = List.map pair texts

                  if pieces > 0 then
                      Expect.equal pairs.Head ("sid", $"chunks-{pieces}") "the count"
                      let header = String.Join("; ", [ for name, value in pairs -> $"{name}={value}" ])
                      Expect.equal (join header 0 pieces) (Some text) $"{length} characters"
                  else
                      Expect.equal pairs [ "sid", text ] $"{length} characters"
          }

          test "the longest text with the longest name, domain and path makes no more pieces than are read" {
              let cookie =
                  SetCookie(
                      String('n', 128),
                      Some(String('d', 253)),
                      "/" + String('p', CookiePieces.longestPath - 1),
                      true,
                      CookieSecure.Always,
                      SameSite.Strict,
                      true,
                      true,
                      true
                  )

              let struct (texts, pieces) =
                  setPieces cookie (letters SealedCookie.Longest) (TimeSpan.FromDays 400.) 0 true

              Expect.isLessThanOrEqual pieces CookiePieces.most "pieces"
              Expect.all texts (fun text -> text.Length <= 4_096) "at most 4 KiB each"
          }

          test "pieces of a longer cookie that the browser still holds are taken back, others are not" {
              let _, pieces = set (letters 8_192) 0
              Expect.equal pieces 3 "before"
              let texts, pieces = set (letters 5_000) 3
              Expect.equal pieces 2 "now"
              Expect.equal (texts |> List.map (pair >> fst)) [ "sid"; "sidC1"; "sidC2"; "sidC3" ] "names"
              Expect.equal (pair texts[3]) ("sidC3", "") "the third is empty"
              Expect.contains (attributes texts[3]) "max-age=0" "and expires"
              let texts, _ = set "short" 3
              Expect.equal (texts |> List.map (pair >> fst)) [ "sid"; "sidC1"; "sidC2"; "sidC3" ] "all three"
          }

          test "a cookie is taken back with all its pieces, with the attributes it was set with" {
              Expect.equal
                  (expirePieces cookie 2 true)
                  [ cookie.Expire true; cookie.Expire("sidC1", true); cookie.Expire("sidC2", true) ]
                  "texts"

              Expect.equal (expirePieces cookie 0 true) [ cookie.Expire true ] "a whole one"
          } ]

let private count (value: string) =
    match CookiePieces.tryCount (value.AsSpan()) with
    | ValueSome count -> Some count
    | ValueNone -> None

[<Tests>]
let reading =
    testList
        "CookiePieces reading"
        [ test "promise 6: a number of pieces counts only if we could have written it" {
              for value, expected in
                  [ "chunks-1", Some 1
                    "chunks-8", Some 8
                    "chunks-0", None
                    "chunks-9", None
                    "chunks-999999", None
                    "chunks-99999999999999999999", None
                    "chunks--1", None
                    "chunks-+1", None
                    "chunks- 1", None
                    "chunks-01", None
                    "chunks-", None
                    "Chunks-1", None
                    "chunks-1 ", None
                    "chunks-٣", None
                    "chunks-3x", None
                    "", None ] do
                  Expect.equal (count value) expected value
          }

          test "promise 6: a missing, an empty or a foreign piece, or too many characters, make no text" {
              for header in
                  [ "sid=chunks-2; sidC1=abc"
                    "sid=chunks-2; sidC2=abc"
                    "sid=chunks-2; sidC1=abc; sidC2="
                    "sid=chunks-2; sidC1=abc; sidc2=def"
                    "sid=chunks-2; SIDC1=abc; sidC2=def"
                    "sid=chunks-2; sidC1=a%62c; sidC2=def"
                    "sid=chunks-2; sidC1=\"abc\"; sidC2=def"
                    "sid=chunks-2; sidC1=a b; sidC2=def"
                    $"sid=chunks-2; sidC1={letters 4_096}; sidC2={letters 4_097}" ] do
                  Expect.equal (join header 0 2) None header[..60]

              Expect.equal (join "sid=chunks-2; sidC1=abc; sidC2=def" 0 2) (Some "abcdef") "whole"
          }

          test "† names are compared exactly: a neighbour's pieces in another case are not joined" {
              let header = "SIDC1=xxx; sidc1=yyy; sid=chunks-1; sidC1=abc; sIdC1=zzz"
              Expect.equal (join header 0 1) (Some "abc") "ours"
          }

          test "of several cookies of one name, the pieces at the same place belong together" {
              let header = "sid=chunks-1; sidC1=first; sid=chunks-1; sidC1=second"
              Expect.equal (join header 0 1) (Some "first") "the first"
              Expect.equal (join header 1 1) (Some "second") "the second"
              Expect.equal (join header 2 1) (Some "second") "no third: the last"
          }

          test "pieces are found in several Cookie lines" {
              let header = StringValues [| "sid=chunks-2; sidC2=def"; "other=1"; "sidC1=abc" |]
              Expect.equal (CookiePieces.tryJoin header "sid" 0 2) (ValueSome "abcdef") "joined"
              Expect.equal (CookiePieces.held header "sid") 2 "held"
          }

          test "the last piece that the browser holds is found even without the cookie that has the number of pieces" {
              let held (header: string) = CookiePieces.held (StringValues header) "sid"
              Expect.equal (held "sid=abc") 0 "none"
              Expect.equal (held "sidC3=abc") 3 "one"
              Expect.equal (held "sidC9=abc; sidC12=x; sidC=y; SIDC4=z") 0 "none of ours"
          }

          test "a name of every character that a name may have is written and read by the framework as it is" {
              let name = "a!#$%&'*+-.^_`|~2F%41"
              let struct (texts, pieces) = setPieces (cookieOf name "/" true) (letters 5_000) hour 0 true
              let header = String.Join("; ", [ for text in texts -> text.Split(';')[0] ])
              Expect.equal
                  (CookiePieces.tryJoin (StringValues header) name 0 pieces)
                  (ValueSome(letters 5_000))
                  "joined"
          } ]
