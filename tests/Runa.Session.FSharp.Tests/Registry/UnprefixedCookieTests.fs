/// The warning about cookies whose names have no prefix.
module Runa.Session.Tests.UnprefixedCookieTests

open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

/// The warnings of an application whose session "web" has these settings.
let private warnings (environment: string) (change: SessionSettings -> SessionSettings) =
    task {
        use! app =
            start { host (text "") with Environment = environment; Setup = SessionSetup.session "web" change }

        return app.Logs.Warnings
    }

[<Tests>]
let tests =
    testList
        "UnprefixedCookies"
        [ testCaseTask
              "outside Development, a cookie's own name without a prefix is told at the start, with a better one"
              (fun () ->
                  task {
                      for change, cookie, better in
                          [ (fun (o: SessionSettings) -> { o with CookieName = "sid" }), "sid", "__Host-sid"
                            (fun o -> { o with CookieName = "sid"; CookieDomain = Some "example.com" }),
                            "sid",
                            "__Secure-sid" ] do
                          match! warnings "Production" change with
                          | [ line ] ->
                              Expect.stringStarts
                                  line
                                  $"The cookie {cookie} of the session \"web\" has a name without"
                                  "which"
                              Expect.stringContains line $"Set cookie_name to {better}:" "what to do"
                          | lines -> failtest $"%A{lines}"
                  })

          testCaseTask
              "names that have a prefix, or cannot have one, are not told, and nothing in Development"
              (fun () ->
                  task {
                      for environment, change in
                          [ "Production", id
                            "Production", (fun (o: SessionSettings) -> { o with CookieName = "__Host-Http-sid" })
                            "Production", (fun o -> { o with CookieName = "sid"; Secure = CookieSecure.Never })
                            "Production", (fun o -> { o with CookieName = "sid"; Secure = CookieSecure.SameAsRequest })
                            "Development", (fun o -> { o with CookieName = "sid" }) ] do
                          let! lines = warnings environment change
                          Expect.isEmpty lines environment
                  }) ]
