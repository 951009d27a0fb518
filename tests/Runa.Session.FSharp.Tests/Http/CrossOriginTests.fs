module Runa.Session.Tests.CrossOriginTests

open System
open System.Net.Http
open Microsoft.AspNetCore.Builder
open Expecto
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private counting: HttpHandler = CrossOrigin.refuse >=> withSession "web" count

let private trusting: HttpHandler =
    CrossOrigin.refuseExcept
        [ "https://admin.example"; "http://localhost:3000"; "https://bücher.example" ]
        (setStatusCode 400 >=> text "no")
    >=> withSession "web" count

let private send (app: App) (verb: HttpMethod) (headers: (string * string) list) =
    let request = new HttpRequestMessage(verb, Uri("/", UriKind.Relative))

    for name, value in headers do
        if not (request.Headers.TryAddWithoutValidation(name, value)) then
            failwith $"{name} cannot be sent."

    app.NewBrowser().SendRaw request

let private site (value: string) = "Sec-Fetch-Site", value
let private origin (value: string) = "Origin", value
let private shop = "Host", "shop.example"

let private rows: (HttpMethod * (string * string) list * bool) list =
    [ HttpMethod.Post, [ site "same-origin" ], true
      HttpMethod.Post, [ site "none" ], true
      HttpMethod.Post, [ site "same-site" ], false
      HttpMethod.Post, [ site "cross-site" ], false
      HttpMethod.Post, [ site "something-new" ], false
      HttpMethod.Put, [ site "cross-site" ], false
      HttpMethod.Delete, [ site "cross-site" ], false
      HttpMethod.Patch, [ site "cross-site" ], false
      HttpMethod "QUERY", [ site "cross-site" ], false
      HttpMethod "get", [ site "cross-site" ], true
      HttpMethod.Get, [ site "cross-site" ], true
      HttpMethod.Head, [ site "cross-site" ], true
      HttpMethod.Options, [ site "cross-site" ], true
      // Sec-Fetch-Site decides where it is sent, whatever Origin says.
      HttpMethod.Post, [ site "same-origin"; shop; origin "https://evil.example" ], true
      HttpMethod.Post, [ site "cross-site"; shop; origin "https://shop.example" ], false
      // Without it: Origin against Host.
      HttpMethod.Post, [ shop; origin "https://shop.example" ], true
      HttpMethod.Post, [ shop; origin "http://SHOP.example" ], true
      HttpMethod.Post, [ shop; origin "https://shop.example:8443" ], false
      HttpMethod.Post, [ "Host", "shop.example:8443"; origin "https://shop.example:8443" ], true
      HttpMethod.Post, [ "Host", "shop.example:443"; origin "https://shop.example" ], true
      HttpMethod.Post, [ "Host", "shop.example:80"; origin "http://shop.example" ], true
      HttpMethod.Post, [ "Host", "shop.example:443"; origin "http://shop.example" ], false
      HttpMethod.Post, [ "Host", "[::1]:5000"; origin "http://[::1]:5000" ], true
      HttpMethod.Post, [ shop; origin "https://" ], false
      HttpMethod.Post, [ shop; origin "https://evil.example" ], false
      HttpMethod.Post, [ shop; origin "https://shop.example.evil.example" ], false
      HttpMethod.Post, [ shop; origin "null" ], false
      HttpMethod.Post, [ shop; origin "shop.example" ], false
      // No browser.
      HttpMethod.Post, [ shop ], true
      HttpMethod.Post, [], true
      // A WebSocket is opened by GET.
      HttpMethod.Get, [ "Upgrade", "websocket"; shop; origin "https://shop.example" ], true
      HttpMethod.Get, [ "Upgrade", "websocket"; shop; origin "https://evil.example" ], false
      HttpMethod.Get, [ "Upgrade", "websocket"; site "same-origin" ], true
      HttpMethod.Get, [ "Upgrade", "websocket"; site "cross-site" ], false ]

let private table (name: string) (counting: Host) =
    testCaseTask $"{name} refuses what another origin's page may have sent, before it changes anything" (fun () ->
        task {
            use! app = start counting

            for verb, headers, isAllowed in rows do
                let! answer = send app verb headers
                let expected = if isAllowed then 200 else 403
                Expect.equal answer.Status expected $"%A{(verb, headers)}"
                Expect.equal answer.SetCookies.IsEmpty (not isAllowed) $"%A{(verb, headers)}: its session"
        })

let private trust =
    testCaseTask "trusted origins pass, and others get the handler that was given" (fun () ->
        task {
            use! app = start (host trusting)

            for headers, expected in
                [ [ site "cross-site"; origin "https://admin.example" ], 200
                  [ site "cross-site"; origin "https://xn--bcher-kva.example" ], 200
                  [ site "same-site"; origin "http://localhost:3000" ], 200
                  [ shop; origin "https://admin.example" ], 200
                  [ site "cross-site"; origin "http://admin.example" ], 400
                  [ site "cross-site"; origin "https://admin.example:444" ], 400
                  [ site "cross-site"; origin "http://localhost" ], 400
                  [ site "cross-site"; origin "https://evil.example" ], 400
                  [ site "cross-site"; origin "https://admin.example, https://evil.example" ], 400
                  [ site "cross-site" ], 400 ] do
                let! answer = send app HttpMethod.Post headers
                Expect.equal answer.Status expected $"%A{headers}"
        })

let private refused =
    test "a text that is no origin is refused when the handler is made, with what is wrong" {
        for origin, what in
            [ "admin.example", "is not the address of a site"
              "", "is not the address of a site"
              "null", "is not the address of a site"
              "ftp://admin.example", "is not the address of a site"
              "*", "is not the address of a site"
              "https://admin.example/", "has more than an origin has"
              "https://admin.example/app", "has more than an origin has"
              "https://admin.example?a=1", "has more than an origin has"
              "https://admin.example#a", "has more than an origin has"
              "https://admin.example ", "has more than an origin has"
              " https://admin.example", "has more than an origin has"
              "https://admin.example/.", "has more than an origin has"
              "https:\\\\admin.example", "has more than an origin has"
              "https://@admin.example", "has a user name"
              "https://ann@admin.example", "has a user name" ] do
            let raised = Expect.throwsC (fun () -> CrossOrigin.refuseExcept [ origin ] skip |> ignore) id
            Expect.isTrue (raised :? ArgumentException) origin
            Expect.stringContains raised.Message $"The trusted origin \"{origin}\" {what}" origin
    }

let private logged =
    testCaseTask "promise 5: a refusal is logged, without the query and without what the request claims" (fun () ->
        task {
            use! app = start (host counting)
            let request = new HttpRequestMessage(HttpMethod.Post, Uri("/pay?to=ann", UriKind.Relative))
            request.Headers.Add("Origin", "https://evil.example")
            let! _ = app.NewBrowser().SendRaw request
            let lines = app.Logs.Ours |> List.filter (fun line -> line.Category = "Runa.Session.CrossOrigin")

            Expect.equal
                (lines |> List.map _.Text)
                [ "POST /pay was refused, because a page of another origin may have sent it: its Origin is not this host." ]
                "the line"
        })

[<Tests>]
let tests =
    testList
        "CrossOrigin"
        [ table "the handler" (host counting)
          table
              "the middleware"
              { host (withSession "web" count) with
                  Pipeline = fun app -> app.UseRunaCrossOriginProtection() |> ignore }
          trust
          refused
          logged ]
