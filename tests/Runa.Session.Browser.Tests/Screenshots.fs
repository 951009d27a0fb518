/// The pictures of the demo that the documentation shows.
[<RequireQualifiedAccess>]
module Runa.Session.Browser.Tests.Screenshots

open System.IO
open System.Threading.Tasks
open Microsoft.Playwright
open Runa.Session.TestSupport

let private put (page: IPage) (product: string) : Task<unit> =
    task {
        do! addToCart page product
        do! isVisible (words page $"{product} is in the cart.")
    }

/// The inspector, after a few visits: `inspector-light.png`, `-dark` and `-phone`.
let private inspector (sample: WebProcess) (folder: string) : Task<unit> =
    task {
        for name, scheme, width in
            [ "light", ColorScheme.Light, 1000
              "dark", ColorScheme.Dark, 1000
              "phone", ColorScheme.Light, 390 ] do
            let! browser =
                Chromium.newBrowser (
                    BrowserNewContextOptions(
                        BaseURL = string sample.Address,
                        ColorScheme = scheme,
                        ViewportSize = ViewportSize(Width = width, Height = 900)
                    )
                )

            let! page = browser.NewPageAsync()
            do! go page "/_sessions"
            do! (field page "Owner").FillAsync "ada"
            do! (button page "List").ClickAsync()
            do! isVisible ((button page "End").First)
            let path = Path.Combine(folder, $"inspector-{name}.png")
            let! _ = page.ScreenshotAsync(PageScreenshotOptions(Path = path, FullPage = (name <> "phone")))
            ()
    }

/// Writes `demo-*.png` into the folder: the demo in F# at the width of a desk, and of a phone; and the inspector.
let take (folder: string) : Task<unit> =
    task {
        let! sample = Demo.start [] Demo.fsharp
        let at (page: IPage) (name: string) =
            task {
                let! _ = page.ScreenshotAsync(PageScreenshotOptions(Path = Path.Combine(folder, $"demo-{name}.png")))
                ()
            }

        let wide =
            BrowserNewContextOptions(
                BaseURL = string sample.Address,
                ColorScheme = ColorScheme.Light,
                ViewportSize = ViewportSize(Width = 1000, Height = 780)
            )

        let narrow =
            BrowserNewContextOptions(
                BaseURL = string sample.Address,
                ColorScheme = ColorScheme.Light,
                ViewportSize = ViewportSize(Width = 390, Height = 780),
                UserAgent =
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"
            )

        let! phone = Chromium.newBrowser narrow
        let! atPhone = phone.NewPageAsync()
        do! signIn atPhone "ada"
        let! desk = Chromium.newBrowser wide
        let! atDesk = desk.NewPageAsync()
        do! signIn atDesk "ada"
        do! go atDesk "/cart"
        do! put atDesk "Tea, 100 g"
        do! put atDesk "Honey & lemon"
        do! put atDesk "Tea, 100 g"
        do! at atDesk "cart"
        do! go atPhone "/devices"
        do! at atPhone "phone"
        do! inspector sample folder
    }
