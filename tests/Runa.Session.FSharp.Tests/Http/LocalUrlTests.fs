module Runa.Session.Tests.LocalUrlTests

open Microsoft.Extensions.Primitives
open Expecto
open Runa.Session

[<Tests>]
let tests =
    testList
        "LocalUrl"
        [ test "a path of this host is taken, with its query" {
              for url in [ "/"; "/cart"; "/cart?size=1&next=//shop"; "/a/..//b"; "/café"; "/~a" ] do
                  Expect.isTrue (LocalUrl.isLocal url) url
                  Expect.equal (LocalUrl.ofQuery (StringValues url)) url url
          }

          test "what leads to another host, to a scheme or nowhere is not" {
              for url in
                  [ ""
                    " /cart"
                    "cart"
                    "?a=1"
                    "~/cart"
                    "\\cart"
                    "//evil.example"
                    "/\\evil.example"
                    "https://evil.example/"
                    "https:evil.example"
                    "javascript:alert(1)"
                    "/\t/evil.example"
                    "/\n/evil.example"
                    "\t//evil.example"
                    "/cart\r\nSet-Cookie: a=b"
                    "/\u0000"
                    "/\u0085/evil.example" ] do
                  Expect.isFalse (LocalUrl.isLocal url) $"%A{url}"
                  Expect.isNull (LocalUrl.ofQuery (StringValues url)) $"%A{url}"
          }

          test "no return URL, or two at once, count as none" {
              Expect.isNull (LocalUrl.ofQuery StringValues.Empty) "none"
              Expect.isNull (LocalUrl.ofQuery (StringValues [| "/a"; "/b" |])) "two"
          }

          test "a header carries ASCII: the rest is percent-encoded, what is encoded already stays" {
              for url, expected in
                  [ "/cart?a=%20b#c", "/cart?a=%20b#c"
                    "/café", "/caf%C3%A9"
                    "/a%C3%A9é", "/a%C3%A9%C3%A9"
                    "/漢😀", "/%E6%BC%A2%F0%9F%98%80"
                    "/" + string '\uD800', "/%EF%BF%BD" ] do
                  Expect.equal (LocalUrl.toHeader url) expected $"%A{url}"
          } ]
