/// The demo over https, where it binds sessions to devices.
module Runa.Session.Browser.Tests.DeviceBoundDemoTests

open System.IO
open Expecto
open Runa.Session.TestSupport
open Runa.Session.Browser.Tests.DeviceBoundShop

let tests (demo: Demo) =
    testTask "promise 29: a sign-in is bound to its browser, and a copy of its cookie is signed out" {
        do! DeviceBoundChromium.need ()
        let certificate = Certificate.fresh ()
        let folder = Directory.CreateTempSubdirectory "runa-certificate-"
        let https = certificate |> Certificate.settings folder.FullName
        let! (sample: WebProcess) = demo |> Demo.start https
        folder.Delete true

        do!
            DeviceBoundChromium.run certificate sample.Address (fun page ->
                task {
                    let! events = DeviceBoundEvents.Of page
                    do! signIn page "ada"
                    do! events.Expect DeviceBoundEvent.Registered
                    do! go page "/"
                    do! isSignedIn page "ada"
                    let! thief = thiefOf page.Context sample.Address
                    let! thiefs = thief.NewPageAsync()
                    do! go thiefs "/"
                    do! isSignedOut thiefs
                    do! removeCookie boundCookie page.Context
                    do! go page "/cart"
                    do! isSignedIn page "ada"
                    do! events.Expect DeviceBoundEvent.Refreshed
                    do! signOut page
                    let! left = cookieNamed boundCookie page.Context
                    Expect.isNone left "the bound cookie after the sign-out"
                    do! go page "/cart"
                    do! isSignedOut page
                    do! events.ExpectRefusal()
                    do! thief.CloseAsync()
                })
    }
