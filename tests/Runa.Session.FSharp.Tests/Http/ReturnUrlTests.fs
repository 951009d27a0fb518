module Runa.Session.Tests.ReturnUrlTests

open System
open System.Net.Http
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site: HttpHandler =
    choose
        [ route "/account"
          >=> withOwner "web" (ReturnUrl.signInAt "/login") (fun owner session -> session, text owner)
          route "/wide" >=> ReturnUrl.signInAt "/login?lang=en"
          route "/part" >=> ReturnUrl.signInAt "/login#form"
          route "/in" >=> updateSession "web" (Session.signIn "ann") >=> ReturnUrl.follow "/"
          route "/form" >=> fun next ctx -> text (ReturnUrl.passOn "/in" ctx) next ctx ]

let private started () = start { host site with Pipeline = fun app -> app.UsePathBase(PathString "/shop") |> ignore }

let private outcome (answer: Answer) = answer.Status, answer.Header "location"

[<Tests>]
let tests =
    testList
        "ReturnUrl"
        [ testCaseTask "a sign-in page gets the address to come back to" (fun () ->
              task {
                  use! app = started ()

                  for path, expected in
                      [ "/account", "/login?ReturnUrl=%2Faccount"
                        "/account?a=1&b=%C3%A9", "/login?ReturnUrl=%2Faccount%3Fa%3D1%26b%3D%25C3%25A9"
                        "/shop/account", "/shop/login?ReturnUrl=%2Fshop%2Faccount"
                        "/wide", "/login?lang=en&ReturnUrl=%2Fwide"
                        "/part", "/login?ReturnUrl=%2Fpart#form" ] do
                      let! answer = app.NewBrowser().Get path
                      Expect.equal (outcome answer) (302, expected) path

                  let! head = app.NewBrowser().Send(HttpMethod.Head, "/account")
                  Expect.equal (outcome head) (302, "/login?ReturnUrl=%2Faccount") "HEAD"
              })

          testCaseTask "what another method did is not come back to" (fun () ->
              task {
                  use! app = started ()
                  let! answer = app.NewBrowser().Post("/account", [])
                  Expect.equal (outcome answer) (302, "/login") "POST"
              })

          testCaseTask "a script is told 401 and the address" (fun () ->
              task {
                  use! app = started ()

                  for header, value, status in
                      [ "X-Requested-With", "XMLHttpRequest", 401
                        "Sec-Fetch-Dest", "empty", 401 // fetch, by the browser's own word
                        "Sec-Fetch-Dest", "document", 302
                        "Sec-Fetch-Dest", "iframe", 302
                        "Accept", "application/json", 302 ] do
                      let request = new HttpRequestMessage(HttpMethod.Get, Uri("/account", UriKind.Relative))
                      request.Headers.Add(header, value)
                      let! answer = app.NewBrowser().SendRaw request
                      Expect.equal (outcome answer) (status, "/login?ReturnUrl=%2Faccount") $"{header}: {value}"
              })

          testCaseTask "after the sign-in the browser is where it wanted to be, and only on this host" (fun () ->
              task {
                  use! app = started ()

                  for path, expected in
                      [ "/in", "/"
                        "/in?ReturnUrl=%2Faccount%3Fa%3D1", "/account?a=1"
                        "/shop/in", "/shop/"
                        "/shop/in?ReturnUrl=%2Fshop%2Faccount", "/shop/account"
                        "/in?ReturnUrl=%2Fcaf%C3%A9", "/caf%C3%A9"
                        "/in?ReturnUrl=https%3A%2F%2Fevil.example", "/"
                        "/in?ReturnUrl=%2F%2Fevil.example", "/"
                        "/in?ReturnUrl=%2F%5Cevil.example", "/"
                        "/in?ReturnUrl=%2F%09%2Fevil.example", "/"
                        "/in?ReturnUrl=%2Fa&ReturnUrl=%2Fb", "/"
                        "/in?ReturnUrl=", "/" ] do
                      let browser = app.NewBrowser()
                      let! answer = browser.Get path
                      Expect.equal (outcome answer) (302, expected) path
                      let! account = browser.Get "/account"
                      Expect.equal account.Body "ann" "signed in all the same"
              })

          testCaseTask "a form passes the return URL on, if it may be followed" (fun () ->
              task {
                  use! app = started ()

                  for path, expected in
                      [ "/form", "/in"
                        "/form?ReturnUrl=%2Fa%3Fb%3D1", "/in?ReturnUrl=%2Fa%3Fb%3D1"
                        "/shop/form?ReturnUrl=%2Fa", "/shop/in?ReturnUrl=%2Fa"
                        "/form?ReturnUrl=%2F%2Fevil.example", "/in" ] do
                      let! answer = app.NewBrowser().Get path
                      Expect.equal answer.Body expected path
              })

          test "null and empty are no path of this host" {
              Expect.isFalse (ReturnUrl.isLocal null) "null"
              Expect.isFalse (ReturnUrl.isLocal "") "empty"
              Expect.isTrue (ReturnUrl.isLocal "/") "the first page"
          }

          test "a sign-in page on another host is refused when the handler is made" {
              for path in [ ""; "login"; "//evil.example"; "https://id.example/login" ] do
                  for make in [ ReturnUrl.signInAt; ReturnUrl.follow ] do
                      let raised = Expect.throwsC (fun () -> make path |> ignore) id
                      Expect.isTrue (raised :? ArgumentException) path
                      Expect.stringContains raised.Message $"\"{path}\" is not a path of this host" path
          } ]
