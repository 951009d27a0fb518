/// What people do in the demo.
[<AutoOpen>]
module internal Runa.Session.Browser.Tests.Visits

open System
open System.Threading.Tasks
open Expecto
open Microsoft.Playwright
open Runa.Session.TestSupport

let browserOf (sample: WebProcess) (userAgent: string option) : Task<IBrowserContext> =
    Chromium.newBrowser (BrowserNewContextOptions(BaseURL = string sample.Address, UserAgent = Option.toObj userAgent))

/// A test in the demo, with a browser of its own.
let inDemoWith settings (demo: Demo) (name: string) (visit: WebProcess -> IBrowserContext -> Task<unit>) : Test =
    testTask name {
        Chromium.need ()
        let! sample = demo |> Demo.start settings
        let! browser = browserOf sample None
        do! visit sample browser
        do! browser.CloseAsync()
    }

let inDemo demo name (visit: IBrowserContext -> Task<unit>) = inDemoWith [] demo name (fun _ browser -> visit browser)

let go (page: IPage) (path: string) : Task<unit> =
    task {
        let! _ = page.GotoAsync path
        ()
    }

let reload (page: IPage) : Task<unit> =
    task {
        let! _ = page.ReloadAsync()
        ()
    }

let button (page: IPage) (name: string) =
    page.GetByRole(AriaRole.Button, PageGetByRoleOptions(Name = name, Exact = true))
let link (page: IPage) (name: string) = page.GetByRole(AriaRole.Link, PageGetByRoleOptions(Name = name, Exact = true))
let field (page: IPage) (label: string) = page.GetByLabel(label, PageGetByLabelOptions(Exact = true))
let words (page: IPage) (text: string) = page.GetByText text
let notice (page: IPage) = page.GetByRole AriaRole.Status

let isVisible (locator: ILocator) : Task = Assertions.Expect(locator).ToBeVisibleAsync()
let isGone (locator: ILocator) : Task = Assertions.Expect(locator).ToHaveCountAsync 0
let says (text: string) (locator: ILocator) : Task = Assertions.Expect(locator).ToHaveTextAsync text

let addToCart (page: IPage) (product: string) : Task =
    page.GetByRole(AriaRole.Button, PageGetByRoleOptions(Name = $"Add to cart: {product}")).ClickAsync()

let private submit (page: IPage) (user: string) (password: string) (staysLong: bool) : Task<unit> =
    task {
        do! go page "/login"
        do! (field page "Name").FillAsync user
        do! (field page "Password").FillAsync password

        if staysLong then
            do! (page.GetByRole AriaRole.Checkbox).CheckAsync()

        do! (button page "Sign in").ClickAsync()
    }

let private fullName (user: string) = if user = "ada" then "Ada Lovelace" else "Grace Hopper"

let isSignedIn (page: IPage) (user: string) : Task<unit> =
    task {
        do! isVisible (button page "Sign out")
        do! isVisible (page.Locator("header").GetByText(fullName user))
    }

let isSignedOut (page: IPage) : Task<unit> =
    task {
        do! isVisible (link page "Sign in")
        do! isGone (words page "Ada Lovelace")
        do! isGone (words page "Grace Hopper")
    }

let signInWrongly page user = submit page user "wrong" false

let signIn (page: IPage) (user: string) : Task<unit> =
    task {
        do! submit page user "demo" false
        do! isSignedIn page user
    }

let signInForLong (page: IPage) (user: string) : Task<unit> =
    task {
        do! submit page user "demo" true
        do! isSignedIn page user
    }

let signOut (page: IPage) : Task<unit> =
    task {
        do! (button page "Sign out").ClickAsync()
        do! isVisible (link page "Sign in")
    }

/// A cookie of the browser; `None` if it has none of this name.
let cookieNamed (name: string) (browser: IBrowserContext) : Task<BrowserContextCookiesResult option> =
    task {
        let! cookies = browser.CookiesAsync()
        return cookies |> Seq.tryFind (fun cookie -> cookie.Name = name)
    }

let webCookie = "__Host-runa_session"
let boundCookie = webCookie + "_bound"
let adminCookie = "__Host-runa_admin_session"

/// How long from now the browser keeps a cookie, as Playwright tells it, to about two minutes; `None`: until it is closed.
let keptFor (cookie: BrowserContextCookiesResult) : TimeSpan option =
    if cookie.Expires < 0f then
        None
    else
        Some(DateTimeOffset.FromUnixTimeSeconds(int64 cookie.Expires) - DateTimeOffset.UtcNow)

let removeCookie (name: string) (browser: IBrowserContext) : Task =
    browser.ClearCookiesAsync(BrowserContextClearCookiesOptions(Name = name))

/// Copies all cookies into the other browser, as malware would.
let copyCookies (from: IBrowserContext) (into: IBrowserContext) : Task =
    task {
        let! cookies = from.CookiesAsync()

        do!
            into.AddCookiesAsync(
                [ for cookie in cookies ->
                      Cookie(
                          Name = cookie.Name,
                          Value = cookie.Value,
                          Domain = cookie.Domain,
                          Path = cookie.Path,
                          Secure = cookie.Secure,
                          HttpOnly = cookie.HttpOnly,
                          SameSite = cookie.SameSite
                      ) ]
            )
    }

/// Opens the front page, whose notice is to say this.
let sees (text: string) (page: IPage) : Task<unit> =
    task {
        do! go page "/"
        do! notice page |> says text
    }
