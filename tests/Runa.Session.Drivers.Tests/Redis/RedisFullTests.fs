module Runa.Session.Tests.RedisFullTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers
open Runa.Session.Tests.RedisSites

/// Full to the last byte, and far beyond it.
let private fillings: (string * (Site -> Task<unit>)) list =
    [ "full", fill
      "far too full",
      fun site ->
          task {
              let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory"; "1" ]
              ()
          } ]

let private isFull (site: Site) : Task<unit> =
    task {
        let create () = (site.Driver.Create (newKey ()) (record site.Clock) none).AsTask() :> Task

        try
            do! create ()
            failtest "the server takes a new record: it is not full"
        with :? RedisServerException as error ->
            site.Driver.IsRefusal error |> Expect.isTrue $"promise 14: a refusal: {error.Message}"
    }

let private fullTests name (body: Site -> (Site -> Task<unit>) -> Task<unit>) =
    testList
        name
        [ for label, filling in fillings do
              siteTests label [] (fun site ->
                  body site (fun site ->
                      task {
                          do! filling site
                          do! isFull site
                      })) ]

[<Tests>]
let tests =
    testList
        "Redis, full"
        [ fullTests "promise 9: a logout ends the session on a full server" (fun site fill ->
              task {
                  let! header = signIn site "alice"
                  do! fill site
                  let! _ = request site header Session.destroy
                  do! areGone site "logged out" [ header ]
              })

          fullTests "promise 9, 27: one session of an owner is ended on a full server" (fun site fill ->
              task {
                  let! one = signIn site "alice"
                  let! other = signIn site "alice"
                  let! session = load site one
                  do! fill site
                  let handle = (SessionRegistry.handle session).Value
                  let! ended = SessionRegistry.revoke "web" "alice" handle none site.Registry
                  ended |> Expect.isTrue "ended"
                  do! areGone site "revoked" [ one ]
                  do! isAlive site "the other one" other
              })

          fullTests "promise 9, 27: all sessions of an owner are ended on a full server" (fun site fill ->
              task {
                  let! headers = Task.WhenAll [ for _ in 1..7 -> signIn site "alice" ]
                  let! bob = signIn site "bob"
                  let! before = site.Owners.Epoch "tests/web" "alice" none
                  do! fill site
                  let! ended = SessionRegistry.revokeOwner "web" "alice" none site.Registry
                  ended |> Expect.equal "ended" 7
                  do! areGone site "revoked" (List.ofArray headers)
                  do! isAlive site "somebody else's" bob
                  let! after = site.Owners.Epoch "tests/web" "alice" none
                  after.Number |> Expect.notEqual "a sign-in under way loses" before.Number
                  Expecto.Expect.isLessThan after.Age (TimeSpan.FromMinutes 1.) "and one that loaded before it"
              })

          fullTests "promise 9, 27: all other sessions of an owner are ended on a full server" (fun site fill ->
              task {
                  let! mine = signIn site "alice"
                  let! others = Task.WhenAll [ for _ in 1..150 -> signIn site "alice" ]
                  let! session = load site mine
                  do! fill site
                  let! ended = SessionRegistry.revokeOthers session none site.Registry
                  ended |> Expect.equal "ended" 150
                  do! areGone site "the others" (List.ofArray others |> List.truncate 20)
                  do! isAlive site "this one" mine
              })

          fullTests "promise 9, 27: everybody's sessions are ended on a full server" (fun site fill ->
              task {
                  let! strangers = Task.WhenAll [ for _ in 1..250 -> request site None count ]
                  let! alice = signIn site "alice"
                  do! fill site
                  let! ended = SessionRegistry.revokeAll "web" none site.Registry
                  ended |> Expect.equal "ended" 251
                  do! areGone site "all" (alice :: List.truncate 20 (List.ofArray strangers))
              })

          fullTests "promise 9: a session that has moved is followed on a full server" (fun site fill ->
              task {
                  let! old = signIn site "alice"
                  let! moved = request site old Session.regenerate
                  do! fill site
                  let! _ = request site old Session.destroy
                  do! areGone site "the successor" [ moved ]
              })

          fullTests
              "promise 9: if records of a full server are ended with and without scripts at once, each ends once"
              (fun site fill ->
                  task {
                      let keys = [ for _ in 1..100 -> newKey () ]

                      for key in keys do
                          let! _ = site.Driver.Create key (record site.Clock |> ofOwner "alice") none
                          ()

                      do! fill site

                      let other scripting =
                          RedisDriver.createWith
                              { options "runa:" site.Clock with Scripting = scripting }
                              site.Connection

                      let drivers = [ site.Driver; other RedisScripting.Never; other RedisScripting.Auto ]
                      let! deleted = Task.WhenAll [ for driver in drivers -> (driver.DeleteMany keys none).AsTask() ]

                      deleted
                      |> Seq.concat
                      |> Seq.map (fun deleted -> StoreKey.toText deleted.Key)
                      |> Seq.sort
                      |> List.ofSeq
                      |> Expect.equal "each once" (keys |> List.map StoreKey.toText |> List.sort)

                      let! left = site.Database.ExecuteAsync("KEYS", "runa:[so]:*")
                      nonNull (RedisResult.op_Explicit left: RedisValue[] | null)
                      |> Expect.isEmpty "nothing is left of them"
                  })

          siteTests "promise 7: an idle timeout goes on being moved on a full server, by script" [] (fun site ->
              task {
                  let key = newKey ()
                  let now = site.Clock.GetUtcNow()
                  let mine = record site.Clock |> idleUntil (now.AddMinutes 20.)
                  let! _ = site.Driver.Create key mine none
                  do! fill site

                  try
                      let! touched = site.Driver.Touch key (now.AddMinutes 30.) none
                      touched |> Expect.isTrue "touched"
                      let! loaded = site.Driver.Load key none
                      loaded |> Expect.equal "moved" (ValueSome(SessionRecord.touch (now.AddMinutes 30.) mine))
                  with :? RedisServerException as error ->
                      site.Driver.IsRefusal error |> Expect.isTrue "without scripts it is refused, and nothing else"
              })

          redisTest
              "promise 9: without scripts, and without an epoch to change, a full server says so until there is room"
              (fun () ->
                  task {
                      use! server = RedisServer.Start []
                      let! site = siteOn server ",allowAdmin=true" RedisScripting.Never
                      let key = newKey ()
                      let! _ = site.Driver.Create key (record site.Clock |> ofOwner "alice") none
                      let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory"; "1" ]

                      try
                          do! site.Owners.Advance "tests/web" "alice" none
                          failtest "advanced"
                      with :? RedisServerException as error ->
                          site.Driver.IsRefusal error |> Expect.isTrue "a refusal"

                      do!
                          raises<RedisException> "1 sessions were ended, but a sign-in" (fun () ->
                              (site.Owners.DeleteAll "tests/web" none).AsTask())

                      let! loaded = site.Driver.Load key none
                      loaded |> Expect.equal "ended all the same" ValueNone
                      let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory"; "0" ]
                      do! site.Owners.Advance "tests/web" "alice" none
                      do! site.Connection.DisposeAsync()
                  })

          redisTest "promise 9: two revocations in a row of a full server without scripts are two numbers" (fun () ->
              task {
                  use! server = RedisServer.Start []
                  let! site = siteOn server ",allowAdmin=true" RedisScripting.Never
                  let! never = site.Owners.Epoch "tests/web" "alice" none
                  never.Age |> Expect.equal "no revocation yet" TimeSpan.MaxValue
                  let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory"; "1" ]
                  let mutable seen = Set.singleton never.Number

                  for _ in 1..20 do
                      do! site.Owners.Advance "tests/web" "alice" none
                      let! epoch = site.Owners.Epoch "tests/web" "alice" none
                      Expecto.Expect.isLessThan epoch.Age (TimeSpan.FromMinutes 1.) "young"
                      seen <- seen.Add epoch.Number

                  seen.Count |> Expect.equal "each a number that it never was" 21
                  do! site.Connection.DisposeAsync()
              }) ]
