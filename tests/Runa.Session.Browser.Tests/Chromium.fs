/// The machine's Chromium: found, not downloaded.
[<RequireQualifiedAccess>]
module Runa.Session.Browser.Tests.Chromium

open System
open System.IO
open System.Threading.Tasks
open Expecto
open Microsoft.Playwright

/// The variable RUNA_CHROMIUM names the program; otherwise the PATH is searched.
let private program: Result<string, string> =
    match Environment.GetEnvironmentVariable "RUNA_CHROMIUM" with
    | null
    | "" ->
        let folders = (string (Environment.GetEnvironmentVariable "PATH")).Split Path.PathSeparator

        [ for name in [ "chromium"; "chromium-browser"; "google-chrome" ] do
              for folder in folders do
                  Path.Combine(folder, name) ]
        |> List.tryFind File.Exists
        |> Option.map Ok
        |> Option.defaultValue (Error "Chromium was not found: install it, or set RUNA_CHROMIUM to its program")
    | given when File.Exists given -> Ok given
    | given ->
        failwith $"RUNA_CHROMIUM is '{given}', but there is no such file. Expected the path of Chromium's program."

/// Skips the test if there is no Chromium.
let need () : unit =
    match program with
    | Error reason -> skiptest reason
    | Ok _ -> ()

let private arguments =
    [ "--no-sandbox"
      "--disable-gpu"
      "--disable-quic"
      "--no-first-run"
      "--disable-background-networking"
      "--disable-component-update"
      "--disable-sync" ]

/// Playwright turns the cache of pages for the back button off. Its users have it.
let private notWanted = [ "--disable-back-forward-cache" ]

let private playwright =
    lazy
        // A busy machine takes its time.
        Assertions.SetDefaultExpectTimeout 30_000f
        Playwright.CreateAsync()

let private launched =
    lazy
        (task {
            match program with
            | Error reason -> return skiptest reason
            | Ok path ->
                let! playwright = playwright.Value

                return!
                    playwright.Chromium.LaunchAsync(
                        BrowserTypeLaunchOptions(ExecutablePath = path, Args = arguments, IgnoreDefaultArgs = notWanted)
                    )
        })

/// A browser of its own, without a cookie: all are contexts of one Chromium. Skips the test if there is none.
let newBrowser (options: BrowserNewContextOptions) : Task<IBrowserContext> =
    task {
        let! chromium = launched.Value
        return! chromium.NewContextAsync options
    }

/// Its version's first number. Skips the test if there is none.
let version () : Task<int> =
    task {
        let! chromium = launched.Value
        return int (chromium.Version.Split('.')[0])
    }

/// Runs Chromium, with these arguments besides, on a folder that keeps what a user's profile keeps, until it is closed.
let onProfileWith (more: string list) (folder: string) (baseUrl: Uri) (visit: IPage -> Task<unit>) : Task<unit> =
    task {
        match program with
        | Error reason -> skiptest reason
        | Ok path ->
            let! playwright = playwright.Value

            let! context =
                playwright.Chromium.LaunchPersistentContextAsync(
                    folder,
                    BrowserTypeLaunchPersistentContextOptions(
                        ExecutablePath = path,
                        Args = arguments @ more,
                        BaseURL = string baseUrl
                    )
                )

            use _ = context
            do! visit context.Pages[0]
    }

/// Runs Chromium on a folder that keeps what a user's profile keeps, until it is closed.
let onProfile (folder: string) (baseUrl: Uri) (visit: IPage -> Task<unit>) : Task<unit> =
    onProfileWith [] folder baseUrl visit

let close () : Task<unit> =
    task {
        if launched.IsValueCreated && launched.Value.IsCompletedSuccessfully then
            do! launched.Value.Result.CloseAsync()

        if playwright.IsValueCreated && playwright.Value.IsCompletedSuccessfully then
            playwright.Value.Result.Dispose()
    }
