/// The list of devices. Only these tests sign in as grace, so the list has nobody else's.
module Runa.Session.Browser.Tests.DeviceListTests

open System.Text.RegularExpressions
open Expecto
open Microsoft.Playwright

let private firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
let private safari =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"

/// Where sign-in is asked for, and why is said.
let private isAskedToSignIn (page: IPage) =
    task {
        do! Assertions.Expect(page).ToHaveTitleAsync "Sign in · Runa.Session"
        do! isVisible (words page "Your earlier session has ended. Please sign in again.")
    }

let tests (demo: Demo) =
    testList
        "devices"
        [ inDemoWith [] demo "promise 27: a device signs out another one, then all others" (fun sample desk ->
              task {
                  let! laptop = browserOf sample (Some firefox)
                  let! phone = browserOf sample (Some safari)
                  let! atDesk = desk.NewPageAsync()
                  let! atLaptop = laptop.NewPageAsync()
                  let! atPhone = phone.NewPageAsync()

                  for page in [ atDesk; atLaptop; atPhone ] do
                      do! signIn page "grace"

                  do! go atDesk demo.Devices
                  do! Assertions.Expect(atDesk.Locator "main li").ToHaveCountAsync 3
                  do! isVisible (words atDesk "This device")
                  do! isVisible (words atDesk "Safari on iPhone")
                  // The address and the agent that it signed in with.
                  let phones = (atDesk.Locator "main li").Filter(LocatorFilterOptions(HasText = "Safari on iPhone"))
                  do! (phones.GetByText("Browser", LocatorGetByTextOptions(Exact = true))).ClickAsync()
                  do! isVisible (words atDesk safari)
                  let addressed = LocatorFilterOptions(HasTextRegex = Regex @"from (127\.0\.0\.1|::1)")
                  do! Assertions.Expect((atDesk.Locator "main li").Filter addressed).ToHaveCountAsync 3

                  do! (button atDesk "Sign out Firefox on Windows").ClickAsync()
                  do! notice atDesk |> says "Signed out there."
                  do! Assertions.Expect(atDesk.Locator "main li").ToHaveCountAsync 2
                  do! go atLaptop demo.Devices
                  do! isAskedToSignIn atLaptop
                  do! go atPhone demo.Devices
                  do! isSignedIn atPhone "grace"

                  do! (button atDesk "Sign out all other devices").ClickAsync()
                  do! notice atDesk |> says "Signed out on 1 other device."
                  do! isVisible (words atDesk "No other device.")
                  do! go atPhone demo.Devices
                  do! isAskedToSignIn atPhone
                  do! reload atDesk
                  do! isSignedIn atDesk "grace"
                  do! laptop.CloseAsync()
                  do! phone.CloseAsync()
              }) ]
