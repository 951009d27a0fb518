/// samples/Blazor: static pages, streaming, and a circuit that outlives its request.
module Runa.Session.Browser.Tests.BlazorTests

open System.Threading.Tasks
open Expecto
open Microsoft.Playwright

let private blazor =
    { Folder = "Blazor"
      Assembly = "Sample.Blazor"
      Devices = "/account"
      Welcome = "Welcome, ada."
      Products = "", ""
      Pages = [ "/"; "/login"; "/counter"; "/report"; "/account" ] }

/// The bound within which a circuit notices a revocation, made short.
let private settings = [ "Circuits__RevalidationInterval", "00:00:01" ]

let private inBlazor name visit = inDemoWith settings blazor name visit

let private signInAs (user: string) (page: IPage) : Task<unit> =
    task {
        do! go page "/login"
        do! page.GetByLabel("Name").FillAsync user
        do! (button page "Sign in").ClickAsync()
        do! notice page |> says $"Welcome, {user}."
    }

/// The page's component is interactive: its circuit runs.
let private isInteractive (page: IPage) : Task = Assertions.Expect(button page "Count").ToBeEnabledAsync()

let private openCounter (page: IPage) : Task<unit> =
    task {
        do! go page "/counter"
        do! isInteractive page
    }

/// A script that gives a page `drop()`, which cuts the connection of its circuit.
let private dropping =
    """
    const sockets = [];
    const Socket = WebSocket;
    window.WebSocket = class extends Socket { constructor(...given) { super(...given); sockets.push(this); } };
    window.drop = () => sockets.forEach(socket => socket.close());
    """

let private counts (n: int) (page: IPage) : Task = page.Locator "#count" |> says (string n)
let private problem (page: IPage) = page.GetByRole AriaRole.Alert

let tests =
    testList
        "samples/Blazor"
        [ inBlazor "every page loads with all its parts, and none logs an error" (fun _ browser ->
              task {
                  let! page = browser.NewPageAsync()
                  let errors = ResizeArray<string>()
                  page.Console.Add(fun message ->
                      if message.Type = "error" then
                          errors.Add message.Text)
                  page.PageError.Add errors.Add

                  for path in blazor.Pages do
                      do! go page path
                      do! isVisible (page.GetByRole(AriaRole.Heading, PageGetByRoleOptions(Level = 1)))

                  Expect.equal (List.ofSeq errors) [] "errors"
              })

          inBlazor "promise 16: a form of a static page signs in, and the welcome is shown once" (fun _ browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! signInAs "ada" page
                  do! isVisible (words page "This circuit runs for ada.")
                  do! reload page
                  do! isVisible (words page "This circuit runs for ada.")
                  do! isGone (notice page)
              })

          inBlazor "promise 12: what circuits of two tabs count, static pages see" (fun _ browser ->
              task {
                  let! first = browser.NewPageAsync()
                  let! second = browser.NewPageAsync()
                  do! go first "/"
                  do! openCounter first
                  do! openCounter second

                  for n in 1..3 do
                      do! (button first "Count").ClickAsync()
                      do! first |> counts (2 * n - 1)
                      do! (button second "Count").ClickAsync()
                      do! second |> counts (2 * n)

                  // Enhanced navigation: the page is fetched and patched in.
                  do! (link first "Visits").ClickAsync()
                  do! isVisible (words first "the counter stands at 6.")
              })

          inBlazor "a circuit cannot set a cookie, and says what to do instead" (fun _ browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! openCounter page
                  do! (button page "Count").ClickAsync()
                  do!
                      Assertions.Expect(problem page).ToContainTextAsync
                          "a circuit has no response. Nothing was saved."
                  do! go page "/"
                  do! openCounter page
                  do! (button page "Count").ClickAsync()
                  do! page |> counts 1
                  do! (button page "Try to sign in here").ClickAsync()
                  do! Assertions.Expect(problem page).ToContainTextAsync "forceLoad: true"
                  do! reload page
                  do! isVisible (words page "Nobody is signed in on this page.")
              })

          inBlazor "without WebSockets, a circuit has its session, too" (fun _ browser ->
              task {
                  let! _ = browser.AddInitScriptAsync "delete window.WebSocket"
                  let! page = browser.NewPageAsync()
                  do! signInAs "ada" page
                  do! isInteractive page
                  do! (button page "Count").ClickAsync()
                  do! page |> counts 1
                  do! (button page "Count").ClickAsync()
                  do! page |> counts 2
                  do! go page "/"
                  do! isVisible (words page "the counter stands at 2.")
              })

          inBlazor "promise 9: a session that is ended elsewhere signs the circuit out" (fun sample browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! signInAs "grace" page
                  do! isInteractive page
                  do! (button page "Count").ClickAsync()
                  do! page |> counts 1

                  let! other = browserOf sample None
                  let! elsewhere = other.NewPageAsync()
                  do! signInAs "grace" elsewhere
                  do! go elsewhere "/account"
                  do! isVisible (words elsewhere "grace is signed in on 2 devices.")
                  do! (button elsewhere "Sign out all other devices").ClickAsync()
                  do! notice elsewhere |> says "Signed out on 1 other device."

                  // Nobody touches the page, and it changes: at the latest after the interval.
                  do! isVisible (words page "Nobody is signed in on this page.")
                  do! (button page "Count").ClickAsync()
                  do! Assertions.Expect(problem page).ToContainTextAsync "it has ended"
                  do! page |> counts 1
                  do! go elsewhere "/counter"
                  do! isVisible (words elsewhere "This circuit runs for grace.")
                  do! other.CloseAsync()
              })

          inBlazor "a circuit that connects again with the cookie of another user runs for that user" (fun _ browser ->
              task {
                  let! page = browser.NewPageAsync()
                  let! _ = page.AddInitScriptAsync dropping
                  do! signInAs "joan" page
                  do! isInteractive page
                  let! second = browser.NewPageAsync()
                  do! signInAs "edith" second
                  do! isVisible (words page "Nobody is signed in on this page.")
                  let! _ = page.EvaluateAsync "drop()"
                  do! isVisible (words page "This circuit runs for edith.")

                  // Longer than the next checks take.
                  let gone = LocatorAssertionsToBeHiddenOptions(Timeout = 3000f)
                  let runs = words page "This circuit runs for edith."
                  let! isSignedOut =
                      task {
                          try
                              do! Assertions.Expect(runs).ToBeHiddenAsync gone
                              return true
                          with :? PlaywrightException ->
                              return false
                      }

                  Expect.isFalse isSignedOut "edith stays"
              })

          inBlazor
              "promise 13: a page that streams has its cookie before its first byte, and keeps what comes later"
              (fun _ browser ->
                  task {
                      let! page = browser.NewPageAsync()
                      let! response = page.GotoAsync("/report", PageGotoOptions(WaitUntil = WaitUntilState.Commit))
                      let! cookie = cookieNamed webCookie browser
                      Expect.isSome cookie "the first bytes came with a cookie"
                      do! isVisible (words page "It was made 1 time for you.")
                      Expect.isNotNull response "a response"
                      do! go page "/"
                      do! notice page |> says "A report was made."
                  }) ]
