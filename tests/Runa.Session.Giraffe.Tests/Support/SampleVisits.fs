/// Visits to samples: a browser that fills in their forms, and the pages that they share.
module internal Runa.Session.Tests.SampleVisits

open System.Net
open System.Text.RegularExpressions
open System.Threading.Tasks
open Microsoft.Extensions.Hosting
open Expecto
open Runa.Session.TestSupport
open Runa.Session.TestSupport.SampleHost

/// The field against forgery of the first form, where the page has one.
let private antiforgeryField (page: Answer) =
    let m = Regex.Match(page.Body, "name=\"(__RequestVerificationToken)\"[^>]*value=\"([^\"]+)\"")
    if m.Success then [ m.Groups[1].Value, m.Groups[2].Value ] else []

/// Opens a page and sends a form of it.
let submit (page: string) (action: string) (fields: (string * string) list) (browser: Browser) : Task<Answer> =
    task {
        let! form = browser.Get page

        return! browser.Post(action, antiforgeryField form @ fields)
    }

/// What a page says, as its reader sees it.
let said (page: Answer) : string =
    let text = Regex.Replace(page.Body, "<[^>]+>", " ") |> WebUtility.HtmlDecode |> string
    Regex.Replace(text, @"\s+", " ")

let expectSays (expected: string) (page: Answer) =
    Expect.equal page.Status 200 expected
    Expect.stringContains (said page) expected "the page"

let expectRedirect (location: string) (answer: Answer) =
    Expect.equal (answer.Status, answer.Header "Location") (302, location) "redirected"

let private signInAs (name: string) = submit "/login" "/login" [ "name", name; "password", "demo" ]

/// The pages that samples/Giraffe and samples/Saturn share with samples/FSharp.
let sharedPages (build: string[] -> IHost) : Test list =
    [ testCaseTask "counts visits, and serves its style sheet" (fun () ->
          visitingSample build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! first = browser.Get "/"
                  expectSays "You have been here once" first
                  let! second = browser.Get "/"
                  expectSays "You have been here 2 times" second
                  Expect.stringContains (second.Header "Content-Security-Policy") "default-src 'none'" "protected"
                  let! style = browser.Get "/site.css"
                  Expect.equal (style.Status, style.Header "Content-Type") (200, "text/css") "the style sheet"
                  let! missing = browser.Get "/nowhere"
                  Expect.equal missing.Status 404 "no such page"
              }))

      testCaseTask "signs in and out, with a message after each" (fun () ->
          visitingSample build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! wrong = browser |> submit "/login" "/login" [ "name", "ada"; "password", "no" ]
                  Expect.equal wrong.Status 401 "a wrong password"
                  let! login = browser |> signInAs "ada"
                  expectRedirect "/" login
                  let! home = browser.Get "/"
                  expectSays "Welcome, Ada Lovelace." home
                  let! again = browser.Get "/"
                  Expect.isFalse ((said again).Contains "Welcome") "told once"
                  let! logout = browser |> submit "/" "/logout" []
                  expectRedirect "/" logout
                  let! left = browser.Get "/"
                  expectSays "You have signed out. Goodbye!" left
                  let! devices = browser.Get "/devices"
                  expectRedirect "/login" devices
              }))

      testCaseTask "refuses a form without its field against forgery" (fun () ->
          visitingSample build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! answer = browser |> submit "/nowhere" "/login" [ "name", "ada"; "password", "demo" ]
                  Expect.isTrue (answer.Status = 400 || answer.Status = 403) "refused"
              }))

      testCaseTask "promise 27: lists devices, and signs the others out" (fun () ->
          visitingSample build (fun newBrowser ->
              task {
                  let here, there = newBrowser (), newBrowser ()
                  let! _ = here |> signInAs "grace"
                  let! _ = there |> signInAs "grace"
                  let! devices = here.Get "/devices"
                  expectSays "This device" devices
                  expectSays "Sign out all other devices" devices
                  let! _ = here |> submit "/devices" "/devices/revoke-others" []
                  let! told = here.Get "/devices"
                  expectSays "Signed out on 1 other device." told
                  let! gone = there.Get "/devices"
                  expectRedirect "/login" gone
              }))

      testCaseTask "keeps a cart, and a second session for the admin area" (fun () ->
          visitingSample build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! _ = browser |> submit "/cart" "/cart/add" [ "sku", "honey" ]
                  let! cart = browser.Get "/cart"
                  expectSays "1 × Honey & lemon" cart
                  let! enter = browser |> submit "/admin" "/admin/enter" []
                  expectRedirect "/admin" enter
                  let! _ = browser |> submit "/admin" "/admin/notes" [ "note", "order more honey" ]
                  let! admin = browser.Get "/admin"
                  expectSays "order more honey" admin
                  let! values = browser.Get "/values"
                  expectSays "\"honey\": 1" values
              })) ]
