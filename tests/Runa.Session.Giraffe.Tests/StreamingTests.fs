/// Giraffe's ways of writing a body, behind a session that has something to save.
module Runa.Session.Tests.StreamingTests

open System
open System.IO
open System.Net.Http
open System.Text
open Giraffe
open Giraffe.ViewEngine
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting
open Runa.Session.TestSupport

let private content = String.replicate 5_000 "0123456789"

let private file =
    lazy
        (let path = Path.GetTempFileName()
         File.WriteAllText(path, content)
         path)

/// A stream of its own for each request.
let private data: HttpHandler =
    warbler (fun _ -> streamData true (new MemoryStream(Encoding.UTF8.GetBytes content)) None None)

let private piece: HttpHandler =
    fun _ ctx ->
        task {
            for part in [ "one "; "two "; "three" ] do
                do! ctx.Response.WriteAsync part
                do! ctx.Response.Body.FlushAsync()

            return Some ctx
        }

let private ways: (string * HttpHandler * string) list =
    [ "text", text "hello", "hello"
      "htmlView", htmlView (html [] [ str "hello" ]), "<!DOCTYPE html>\n<html>hello</html>"
      "json", json [ 1; 2 ], "[1,2]"
      "jsonChunked", jsonChunked [ 1; 2 ], "[1,2]"
      "setBody", setBody (Encoding.UTF8.GetBytes "hello"), "hello"
      "streamData", data, content
      "streamFile", warbler (fun _ -> streamFile true file.Value None None), content
      "WriteTextAsync", (fun _ ctx -> ctx.WriteTextAsync "hello"), "hello"
      "WriteHtmlStringAsync", (fun _ ctx -> ctx.WriteHtmlStringAsync "hello"), "hello"
      "pieces", piece, "one two three" ]

let private forms: (string * (HttpHandler -> HttpHandler)) list =
    [ "withSession", (fun body -> withSession "web" (fun session -> add session, body))
      "updateSession", (fun body -> updateSession "web" add >=> body)
      "useSession", (fun body -> useSession "web" >=> leave "web" >=> body) ]

let private site: HttpHandler =
    choose
        [ route "/show" >=> readSession "web" shown
          for way, body in ("empty", Successful.NO_CONTENT) :: [ for way, body, _ in ways -> way, body ] do
              for form, behind in forms do
                  route $"/{way}/{form}" >=> behind body ]

let private normalized (text: string) = text.Replace("\r\n", "\n")

[<Tests>]
let tests =
    testList
        "Streaming"
        [ for way, _, expected in ways do
              onBoth $"promise 13: {way} is preceded by the commit, with its cookie" (fun server ->
                  visiting { giraffe site with Server = server } (fun app _ ->
                      task {
                          for form, _ in forms do
                              let browser = app.NewBrowser()
                              let! answer = browser.Get $"/{way}/{form}"
                              Expect.equal (answer.Status, normalized answer.Body) (200, expected) form
                              Expect.hasLength answer.SetCookies 1 $"{form}: the cookie"
                              let! shown = browser.Get "/show"
                              expectBody "1" $"{form}: stored" shown
                      }))

          testCaseTask "promise 13: HEAD is answered without a body, and the session saved" (fun () ->
              visiting { giraffe site with Server = Server.Kestrel } (fun app _ ->
                  task {
                      for way, _, _ in ways do
                          for form, _ in forms do
                              let browser = app.NewBrowser()
                              let! answer = browser.Send(HttpMethod.Head, $"/{way}/{form}")
                              Expect.equal (answer.Status, answer.Body) (200, "") $"{way}, {form}"
                              Expect.hasLength answer.SetCookies 1 $"{way}, {form}: the cookie"
                              let! shown = browser.Get "/show"
                              expectBody "1" $"{way}, {form}: stored" shown
                  }))

          onBoth "promise 14: when the store fails nothing of the body leaves, in any of Giraffe's ways" (fun server ->
              counting { reported site with Server = server } (fun _ browser driver ->
                  task {
                      driver.Behave <- TestDriver.Only([ StoreOperation.Create ], Behaviour.FailBefore)

                      for way in "empty" :: [ for way, _, _ in ways -> way ] do
                          for form, _ in forms do
                              let! answer = browser.Get $"/{way}/{form}"
                              expectError "SessionStoreException" $"{way}, {form}" answer
                              Expect.isEmpty answer.SetCookies $"{way}, {form}: and no cookie"
                  }))

          onBoth "a range of a stream is served, and the session saved" (fun server ->
              visiting { giraffe site with Server = server } (fun _ browser ->
                  task {
                      for way in [ "streamData"; "streamFile" ] do
                          let request =
                              new HttpRequestMessage(HttpMethod.Get, Uri($"/{way}/useSession", UriKind.Relative))
                          request.Headers.Add("Range", "bytes=10-14")
                          let! answer = browser.SendRaw request
                          Expect.equal (answer.Status, answer.Body) (206, "01234") way

                      let! shown = browser.Get "/show"
                      expectBody "2" "both visits" shown
                  })) ]
