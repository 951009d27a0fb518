module Runa.Session.Tests.DeviceOrderTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private none = CancellationToken.None

[<Tests>]
let tests =
    testList
        "DeviceOrder"
        [ testCase "the device that was used last is listed first, whatever the driver's order"
          <| fun () ->
              let clock = clock ()
              let registry = registry clock (memory clock)

              let update header step =
                  let committed = SessionRegistry.update "web" header step none registry |> wait
                  clock.Advance(TimeSpan.FromMinutes 5.)
                  nextHeader header committed.Cookies

              let signIn (device: string) = update None (Session.signIn "ada" >> Session.withLabel device)
              let labels () =
                  SessionRegistry.forOwner "web" "ada" none registry |> wait |> List.map (_.Label >> Option.get)

              let headers = [ for number in 1..9 -> signIn $"device {number}" ]
              labels () |> Expect.equal "by sign-in" [ for number in 9..-1..1 -> $"device {number}" ]
              update headers[2] increment |> ignore
              labels () |> List.head |> Expect.equal "the one that was used" "device 3" ]
