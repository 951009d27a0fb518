/// What operators see of devices that the store could not answer.
module Runa.Session.Tests.DeviceFailureTests

open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.BoundBrowsers
open Runa.Session.Tests.Devices
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Measured
open Runa.Testing

[<Tests>]
let tests =
    testList
        "Device failures"
        [ testCaseTask "a registration and a refresh that the store fails get 503, and are counted as failed" (fun () ->
              task {
                  let driver = FaultyDriver()
                  let host = host (updateSession "web" (Session.signIn "ann") >=> text "in")

                  use! app =
                      start
                          { host with
                              Services = fun services -> services.UseFaultyDriver("memory", driver) |> ignore
                              Setup =
                                  SessionSetup.session "web" (fun o -> { o with DeviceBound = DeviceBound.Offer })
                                  >> host.Setup }

                  use meters = Meters.Of app

                  let counted () = [ for it in meters.Named "device_proofs" -> it.Tags["outcome"] ]

                  let browser = BoundBrowser(app.NewBrowser())
                  let! answer = browser.Get "/in"
                  let path, challenge = offerOf answer |> Expect.wantSome "an offer"
                  let register () = browser.Register("/" + path, registration browser.Device challenge)
                  driver.Fail StoreCalls.Create
                  let! failed = register ()
                  failed.Status |> Expect.equal "a registration" 503
                  counted () |> Expect.equal "counted" [ "failed" ]
                  let! registered = register ()
                  registered.Status |> Expect.equal "the store is back" 200
                  driver.Fail StoreCalls.Load
                  let! failed = browser.RefreshBy registered
                  failed.Status |> Expect.equal "a refresh" 503
                  counted () |> Expect.equal "counted" [ "failed"; "registered"; "failed" ]
              }) ]
