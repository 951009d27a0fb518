/// What the tests of sessions of devices stand on: TLS that Chromium takes for valid, and a browser that acts on an offer.
module Runa.Session.Browser.Tests.HttpsTests

open System
open System.Collections.Concurrent
open System.Threading.Tasks
open Expecto
open Microsoft.AspNetCore.Http
open Microsoft.Playwright
open Runa.Session
open Runa.Session.TestSupport

let private showing (text: HttpContext -> string) : HttpHandler =
    fun _ context ->
        task {
            do! context.Response.WriteAsync(text context)
            return Some context
        }

let private serving (certificate: Certificate) (handler: HttpHandler) : Task<App> =
    startBare (host handler |> HttpsHost.onPort 0 certificate)

/// Fails, as the page does, if the certificate is not valid to the browser.
let private textOf (page: IPage) (address: Uri) : Task<string> =
    task {
        do! go page (string address)
        return! page.InnerTextAsync "body"
    }

/// Offers to bind the device to its cookie, and takes what the browser sends for a proof.
let private offering (proofs: ConcurrentQueue<string>) : HttpHandler =
    fun _ context ->
        task {
            let answer = context.Response
            let attributes = "Path=/; SameSite=Lax; Secure; HttpOnly"

            match context.Request.Path.Value with
            | "/in" -> answer.Headers["Secure-Session-Registration"] <- "(ES256);path=\"bind\";challenge=\"c\""
            | "/bind" ->
                proofs.Enqueue(string context.Request.Headers["Secure-Session-Response"])
                answer.Headers.SetCookie <- $"bound=1; Max-Age=600; {attributes}"

                do!
                    answer.WriteAsJsonAsync
                        {| session_identifier = "id"
                           scope = {| include_site = false |}
                           credentials = [ {| ``type`` = "cookie"; name = "bound"; attributes = attributes |} ] |}
            | _ -> do! answer.WriteAsync(string context.Request.Headers.Cookie)

            return Some context
        }

let tests =
    testList
        "https"
        [ testTask
              "a page loads by its certificate and names the browser, and one with another certificate does not load" {
              do! DeviceBoundChromium.need ()
              let certificate = Certificate.fresh ()
              let handler = showing (fun context -> string context.Request.Headers["Sec-CH-UA"])
              let! (app: App) = serving certificate handler
              use _ = app :> IAsyncDisposable
              let! (other: App) = serving (Certificate.fresh ()) handler
              use _ = other :> IAsyncDisposable

              do!
                  DeviceBoundChromium.run certificate (HttpsHost.addressOf app) (fun page ->
                      task {
                          let! brands = textOf page (HttpsHost.addressOf app)
                          Expect.stringContains brands "\"Chromium\";v=" "Sec-CH-UA"
                          let! refused = Task.WhenAny(textOf page (HttpsHost.addressOf other))
                          let why = string refused.Exception
                          Expect.stringContains why "net::ERR_CERT_AUTHORITY_INVALID" "another certificate"
                      })
          }

          testTask
              "Chromium registers where it is offered a session of its device, and fetches a cookie that is missing" {
              do! DeviceBoundChromium.need ()
              let certificate = Certificate.fresh ()
              let proofs = ConcurrentQueue<string>()
              let! (app: App) = serving certificate (offering proofs)
              use _ = app :> IAsyncDisposable
              let address = HttpsHost.addressOf app

              do!
                  DeviceBoundChromium.run certificate address (fun page ->
                      task {
                          let! events = DeviceBoundEvents.Of page
                          do! go page "/in"
                          do! events.Expect DeviceBoundEvent.Registered
                          Expect.stringStarts (Seq.head proofs) "eyJ" "a proof, without quotes"
                          do! page.Context.ClearCookiesAsync()
                          let! cookies = textOf page address
                          do! events.Expect DeviceBoundEvent.Refreshed
                          Expect.equal cookies "bound=1" "the page waited for it"
                      })
          } ]
