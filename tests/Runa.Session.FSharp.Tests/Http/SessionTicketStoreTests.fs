module Runa.Session.Tests.SessionTicketStoreTests

open System
open System.Security.Claims
open System.Text
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.Tickets

let private stored =
    testList
        "a ticket that is stored"
        [ testCaseTask "comes back whole, with its properties" (fun () ->
              task {
                  let world = world ()
                  let properties = AuthenticationProperties(IsPersistent = true, RedirectUri = "/next")
                  properties.StoreTokens [ AuthenticationToken(Name = "access_token", Value = "a token") ]
                  let! key = world.Store.StoreAsync(ticketOf ann properties)

                  match! world.Store.RetrieveAsync key with
                  | null -> failtest "nothing is there"
                  | ticket ->
                      Expect.equal [ for claim in ticket.Principal.Claims -> claim.Type, claim.Value ] ann "its claims"
                      Expect.equal ticket.AuthenticationScheme "Cookies" "its scheme"
                      Expect.equal (ticket.Properties.GetTokenValue "access_token") "a token" "its tokens"
                      Expect.equal
                          (ticket.Properties.IsPersistent, ticket.Properties.RedirectUri)
                          (true, "/next")
                          "more"
              })

          testCaseTask "promise 27: is its owner's: NameIdentifier, sub or name" (fun () ->
              task {
                  let world = world ()
                  let! _ = world.Store.StoreAsync(plain ann)
                  let! _ = world.Store.StoreAsync(plain [ "sub", "bob"; ClaimTypes.Name, "Bob" ])
                  let! _ = world.Store.StoreAsync(plain [ ClaimTypes.Name, "Eve" ])

                  for owner in [ "ann"; "bob"; "Eve" ] do
                      let! sessions = owned world owner
                      Expect.equal sessions.Length 1 owner
              })

          testCaseTask "without an owner it is kept all the same" (fun () ->
              task {
                  let world = world ()
                  let! key = world.Store.StoreAsync(plain [ "email", "a@b.example" ])
                  let! claims = found world key
                  Expect.equal claims [ "email", "a@b.example" ] "found"
                  do! world.Store.RemoveAsync key
                  let! claims = found world key
                  Expect.equal claims [] "and removed"
              })

          testCaseTask "promise 1: its key is not in the store, and the store's key is none" (fun () ->
              task {
                  let world = world ()
                  let! key = world.Store.StoreAsync(plain ann)
                  let! sessions = owned world "ann"
                  let! claims = found world sessions.Head.Handle
                  Expect.equal claims [] "a handle opens nothing"

                  match! recordOf world key with
                  | ValueNone -> failtest "nothing is stored"
                  | ValueSome record ->
                      let text = Encoding.UTF8.GetString(RecordFormat.write record)
                      Expect.isFalse (text.Contains key) "the key is not stored"
                      Expect.isFalse (text.Contains(key.Substring(4, 43))) "nor its id"
              })

          testCaseTask "promise 2: is no ticket of another session" (fun () ->
              task {
                  let world = world ()
                  let! key = world.Store.StoreAsync(plain ann)
                  let other = SessionTicketStore(world.Registry, "admin") :> ITicketStore
                  let! ticket = other.RetrieveAsync key
                  Expect.isNull ticket "its key is good for one session name"
              })

          testCaseTask "sealed, nothing of it can be read in the store" (fun () ->
              task {
                  let world = worldWith (fun o -> { o with Sealed = true })
                  let! key = world.Store.StoreAsync(plain [ identifier, "7"; "email", "a@b.example" ])

                  match! recordOf world key with
                  | ValueNone -> failtest "nothing is stored"
                  | ValueSome record -> Expect.isEmpty record.State.Values "no readable value"

                  let! claims = found world key
                  Expect.equal claims [ identifier, "7"; "email", "a@b.example" ] "with the key it opens"
                  do! world.Store.RenewAsync(key, plain [ identifier, "7" ])
                  let! claims = found world key
                  Expect.equal claims [ identifier, "7" ] "and is renewed"
              })

          testCaseTask "promise 18: over MaxBytes is an error, and nothing is stored" (fun () ->
              task {
                  let world = worldWith (fun o -> { o with MaxBytes = 1000 })
                  let big = plain [ identifier, "ann"; "photo", String('x', 2000) ]
                  let e = raised<SessionTooLargeException, _>(fun () -> world.Store.StoreAsync big)
                  Expect.equal e.LargestKey "ticket" "it is the ticket"
                  Expect.equal (world.Driver.Count StoreOperation.Create) 0 "nothing was stored"
              })

          testCaseTask "promise 14: a store that is down is an error, not a user who is signed out" (fun () ->
              task {
                  let world = world ()
                  let! key = world.Store.StoreAsync(plain ann)
                  world.Driver.Behave <- fun _ -> Behaviour.FailBefore

                  for name, work in
                      [ "store", (fun () -> task { let! _ = world.Store.StoreAsync(plain ann) in () })
                        "retrieve", (fun () -> task { let! _ = world.Store.RetrieveAsync key in () })
                        "renew", (fun () -> task { do! world.Store.RenewAsync(key, plain ann) })
                        "remove", (fun () -> task { do! world.Store.RemoveAsync key }) ] do
                      raised<SessionStoreException, unit> work |> ignore
                      Expect.isTrue true name
              }) ]

let private forged =
    testCaseTask "promise 6: a forged or malformed key reaches no store and opens nothing" (fun () ->
        task {
            let world = world ()
            let! key = world.Store.StoreAsync(plain ann)
            let! other = world.Store.StoreAsync(plain [ identifier, "bob" ])
            let name = world.Registry.Find("tickets").Definition.Settings.CookieName
            let last = if key.EndsWith 'A' then "B" else "A"

            let malformed =
                [ ""
                  " "
                  "x"
                  key + "A"
                  key.Substring 1
                  key.Substring(0, 67) + last
                  key + ";"
                  key + " "
                  " " + key
                  $"x; {name}={key}"
                  $"{key}; {name}={other}"
                  $"{name}={key}"
                  key.Substring(0, 67) + ";"
                  key.Substring(0, 67) + "é"
                  String('A', 68)
                  String(';', 68)
                  String('=', 100_000)
                  string '\uD800'
                  key.ToUpperInvariant() ]

            world.Driver.Forget()

            for forged in malformed do
                let! claims = found world forged
                Expect.equal claims [] $"%A{forged}"
                do! world.Store.RenewAsync(forged, plain [ identifier, "eve" ])
                do! world.Store.RemoveAsync forged

            Expect.equal world.Driver.Calls [] "the store was not asked"
            let! ann' = found world key
            let! bob = found world other
            Expect.equal (ann', bob) (ann, [ identifier, "bob" ]) "and nothing was done"
        })

let private misuse =
    testList
        "a store of tickets"
        [ test "promise 23: of a session that is not registered names the known ones" {
              let world = world ()

              Expect.throwsC (fun () -> SessionTicketStore(world.Registry, "tickts") |> ignore) (fun e ->
                  Expect.stringContains e.Message "Did you mean \"tickets\"?" "the nearest")
          }

          test "promise 23: on the driver cookie is refused" {
              Expect.throwsC (fun () -> worldWith (fun o -> { o with Driver = "cookie" }) |> ignore) (fun e ->
                  Expect.isTrue (e :? NotSupportedException) "which error"
                  Expect.stringContains e.Message "\"cookie\"" "the driver")
          } ]

[<Tests>]
let tests = testList "SessionTicketStore" [ stored; forged; misuse ]
