/// Promise 17: a ticket that cannot be read, and how to live on.
module Runa.Session.Tests.UnreadableTicketTests

open System
open Microsoft.AspNetCore.Authentication.Cookies
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Tests.Damage
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.Tickets

let private strict (o: SessionSettings) = { o with OnUnreadable = OnUnreadable.Error }

[<Tests>]
let tests =
    testList
        "Unreadable tickets"
        [ testCase "a ticket that cannot be deserialized signs nobody in, and a sign-in replaces it"
          <| fun () ->
              let world = world ()
              let session = Engine.definition world.Registry "tickets"
              let held = SessionKey.create<byte[]> "ticket"
              let key = wait (world.Store.StoreAsync(plain ann))

              for junk in [ [||]; [| 1uy; 2uy; 3uy |]; Array.create 100 255uy; BitConverter.GetBytes 99 ] do
                  wait (step session key (Session.set held junk)) |> ignore
                  wait (found world key) |> Expect.equal "nobody" []

              world.Store.RenewAsync(key, plain ann).GetAwaiter().GetResult()
              wait (found world key) |> Expect.equal "signed in again" ann

          testCase "on_unreadable = \"error\": such a ticket raises"
          <| fun () ->
              let world = worldWith strict
              let session = Engine.definition world.Registry "tickets"
              let key = wait (world.Store.StoreAsync(plain ann))
              wait (step session key (Session.set (SessionKey.create<byte[]> "ticket") [| 1uy |])) |> ignore
              raised<SessionStoreException, _>(fun () -> world.Store.RetrieveAsync key) |> ignore

          testCase
              "a ticket's record that cannot be read signs nobody in, and a sign-in is refused until the next request"
          <| fun () ->
              let clock = clock ()
              let store = DamagedStore(memory clock)
              let registry = SessionRegistry.create (setup clock store.Driver |> SessionSetup.session "tickets" id)
              let tickets = SessionTicketStore(registry, "tickets") :> ITicketStore
              let key = wait (tickets.StoreAsync(plain ann))
              store.Damage((wait (load (Engine.definition registry "tickets") key)).Place.Key)
              wait (tickets.RetrieveAsync key) |> Expect.isNull "nobody"
              let again = wait (tickets.StoreAsync(plain ann))
              isNull (wait (tickets.RetrieveAsync again)) |> Expect.isFalse "signed in" ]
