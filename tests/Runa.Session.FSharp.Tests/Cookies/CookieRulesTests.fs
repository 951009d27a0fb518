module Runa.Session.Tests.CookieRulesTests

open System
open Expecto
open Runa.Session

let private all (isGood: string -> bool) expected texts =
    for text: string in texts do
        Expect.equal (isGood text) expected $"%A{text}"

[<Tests>]
let tests =
    testList
        "CookieRules"
        [ test "† names are tokens" {
              all CookieRules.isName true [ "a"; "__Host-runa_session"; "a.b-c_d!#$%&'*+^`|~9"; String('a', 128) ]
              all
                  CookieRules.isName
                  false
                  [ ""; " "; "a b"; "a;b"; "a=b"; "a,b"; "a\"b"; "a\r\nb"; "é"; "a/b"; "a[b]"; String('a', 129) ]
          }

          test "a bound cookie has the name of its session's cookie, its prefix too, and an ending" {
              let bound = CookieRules.boundName "__Host-Http-shop"
              Expect.equal bound "__Host-Http-shop_bound" "its name"
              Expect.equal (CookieRules.prefixOf bound) (Some "__Host-Http-") "its prefix"
          }

          test "† paths begin with a slash and hold nothing that could begin another attribute" {
              all CookieRules.isPath true [ "/"; "/shop"; "/a/b?c=d,e" ]

              all
                  CookieRules.isPath
                  false
                  [ ""
                    "shop"
                    " /"
                    "/; Domain=evil"
                    "/;"
                    "/a b"
                    "/\r\nSet-Cookie: a=b"
                    "/\000"
                    "/\t"
                    "/é"
                    "/\127" ]
          }

          test "† domains are labels of letters, digits and inner hyphens" {
              all
                  CookieRules.isDomain
                  true
                  [ "example.com"; "a.b-c.example"; "localhost"; "xn--lden-loa.example"; "1.example" ]

              all
                  CookieRules.isDomain
                  false
                  [ ""
                    "."
                    ".example.com"
                    "example.com."
                    "a..b"
                    "-a.com"
                    "a-.com"
                    "a_b.com"
                    "example.com:80"
                    "https://example.com"
                    "example.com; Path=/"
                    "exämple.com"
                    "a b"
                    String('a', 64) + ".com"
                    String.Join('.', List.replicate 64 "abcd") ]
          }

          testProperty "† no text that passes can add an attribute to a Set-Cookie header"
          <| fun (name: FsCheck.NonEmptyString, path: FsCheck.NonEmptyString, domain: FsCheck.NonEmptyString) ->
              let orElse other isGood text = if isGood text then text else other
              let name = orElse "n" CookieRules.isName name.Get
              let path = orElse "/" CookieRules.isPath ("/" + path.Get)
              let domain = orElse "d" CookieRules.isDomain domain.Get
              let text = $"{name}=v; Domain={domain}; Path={path}"
              let parts = text.Split ';'

              parts = [| $"{name}=v"; $" Domain={domain}"; $" Path={path}" |]
              && Seq.forall (fun c -> c >= ' ' && c <= '~') text
              && name.IndexOf '=' < 0

          test "prefixes count whatever their case, as in browsers" {
              for name, prefix, isHostOnly, isHttpOnly in
                  [ "__Host-a", Some "__Host-", true, false
                    "__HOST-a", Some "__Host-", true, false
                    "__Host-Http-a", Some "__Host-Http-", true, true
                    "__host-HTTP-a", Some "__Host-Http-", true, true
                    "__Host-Httpa", Some "__Host-", true, false
                    "__Http-a", Some "__Http-", false, true
                    "__http-a", Some "__Http-", false, true
                    "__Http-Host-a", Some "__Http-", false, true
                    "__Secure-a", Some "__Secure-", false, false
                    "__SECURE-a", Some "__Secure-", false, false
                    "_Host-a", None, false, false
                    "a__Host-", None, false, false
                    "__Hosta", None, false, false
                    "__Httpa", None, false, false ] do
                  Expect.equal (CookieRules.prefixOf name) prefix name
                  Expect.equal (CookieRules.isHostOnly name) isHostOnly name
                  Expect.equal (CookieRules.isHttpOnly name) isHttpOnly name
          } ]
