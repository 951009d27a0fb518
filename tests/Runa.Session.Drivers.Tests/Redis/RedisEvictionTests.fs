module Runa.Session.Tests.RedisEvictionTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisMonitors
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers
open Runa.Session.Tests.RedisSites

let private evicting = [ "--maxmemory"; "200mb"; "--maxmemory-policy"; "allkeys-lru" ]
let private indexOf (owner: string) : RedisKey = RedisKey.op_Implicit $"runa:o:9:tests/web:{owner}"

let private evictIndex (site: Site) (owner: string) =
    task {
        let! isGone = site.Database.KeyDeleteAsync(indexOf owner)
        isGone |> Expect.isTrue "the index was there"
    }

let private entries (site: Site) (owner: string) = site.Database.SortedSetLengthAsync(indexOf owner)

/// The index is written beside the request.
let private eventuallyHas (site: Site) (owner: string) (wanted: int64) =
    task {
        let began = Diagnostics.Stopwatch.StartNew()
        let mutable found = -1L

        while found <> wanted && began.Elapsed < TimeSpan.FromSeconds 30. do
            let! now = entries site owner
            found <- now
            do! Task.Delay 5

        found |> Expect.equal "entries" wanted
    }

let rec private pages (site: Site) (place: string option) (found: StoreKey list) : Task<StoreKey list> =
    task {
        let! page = site.Owners.List "tests/web" "alice" place none
        Expecto.Expect.isLessThanOrEqual page.Items.Length 100 "a page"
        let found = found @ List.map (fun (item: OwnedRecord) -> item.Key) page.Items

        match page.Next with
        | Some _ as next -> return! pages site next found
        | None -> return found
    }

[<Tests>]
let tests =
    testList
        "Redis, evicting"
        [ siteTests "promise 27: an evicted index hides nobody from an ending" evicting (fun site ->
              task {
                  let! headers = Task.WhenAll [ for _ in 1..88 -> signIn site "alice" ]
                  let! bob = signIn site "bob"
                  let! stranger = request site None count
                  do! evictIndex site "alice"
                  let! listed = SessionRegistry.forOwner "web" "alice" none site.Registry
                  listed.Length |> Expect.equal "listed" 88
                  let! ended = SessionRegistry.revokeOwner "web" "alice" none site.Registry
                  ended |> Expect.equal "ended" 88
                  do! areGone site "revoked" (List.ofArray headers)
                  do! isAlive site "somebody else's" bob
                  do! isAlive site "a stranger's" stranger
              })

          siteTests "promise 27: of many, each is listed once, in pages, among others" evicting (fun site ->
              task {
                  let mine = [ for _ in 1..730 -> newKey () ]

                  for key in mine do
                      let! _ = site.Driver.Create key (record site.Clock |> ofOwner "alice") none
                      let! _ = site.Driver.Create (newKey ()) (record site.Clock |> ofOwner "bob") none
                      let! _ = site.Driver.Create (newKey ()) (record site.Clock) none
                      ()

                  do! evictIndex site "alice"

                  let! found = pages site None []
                  let texts = List.map StoreKey.toText >> List.sort
                  texts found |> Expect.equal "each once" (texts mine)
              })

          siteTests
              "promise 27: a server that begins to evict while the application runs is noticed by the next ending"
              []
              (fun site ->
                  task {
                      let! headers = Task.WhenAll [ for _ in 1..5 -> signIn site "alice" ]
                      let! before = SessionRegistry.forOwner "web" "alice" none site.Registry
                      before.Length |> Expect.equal "listed by the index" 5
                      site.Warnings |> Expect.isEmpty "nothing to warn of"
                      let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory-policy"; "volatile-lru" ]
                      let! _ = command site.Connection "CONFIG" [ "SET"; "maxmemory"; "500mb" ]
                      do! evictIndex site "alice"
                      let! ended = SessionRegistry.revokeOwner "web" "alice" none site.Registry
                      ended |> Expect.equal "ended" 5
                      do! areGone site "revoked" (List.ofArray headers)
                      site.Warnings.Length |> Expect.equal "warned" 1
                  })

          siteTests "promise 27: a revocation is not missed though its epoch is evicted at once" evicting (fun site ->
              task {
                  let! before = site.Owners.Epoch "tests/web" "alice" none
                  do! site.Owners.Advance "tests/web" "alice" none
                  let! young = site.Owners.Epoch "tests/web" "alice" none
                  Expecto.Expect.isLessThan young.Age (TimeSpan.FromMinutes 1.) "young"

                  for name in [ "runa:e:9:tests/web:alice"; "runa:a:tests/web" ] do
                      let! isGone = site.Database.KeyDeleteAsync(RedisKey.op_Implicit name)
                      isGone |> Expect.isTrue "it was there"

                  let! after = site.Owners.Epoch "tests/web" "alice" none
                  after.Number |> Expect.notEqual "the sign-in loses" before.Number
                  let! again = site.Owners.Epoch "tests/web" "alice" none
                  again |> Expect.equal "and the next one does not" after
              })

          siteTests "promise 27: a session's next write or touch brings its lost index entry back" [] (fun site ->
              task {
                  let! writer = signIn site "alice"
                  let! reader = signIn site "alice"
                  let! _ = signIn site "alice"
                  do! evictIndex site "alice"
                  // Within the minute the entry counts as there.
                  let! _ = request site writer count
                  site.Clock.Advance(TimeSpan.FromMinutes 3.)
                  let! _ = request site writer count
                  do! eventuallyHas site "alice" 1L
                  let! _ = request site reader id
                  do! eventuallyHas site "alice" 2L
                  let! ended = SessionRegistry.revokeOwner "web" "alice" none site.Registry
                  ended |> Expect.equal "ended, as far as they are known" 2
              })

          redisTest "a write whose index entry is due sends one command more, once a minute" (fun () ->
              task {
                  use! server = RedisServer.Start []
                  let! site = siteOn server ",allowAdmin=true" RedisScripting.Auto
                  let! header = signIn site "alice"
                  let! _ = request site header count
                  site.Clock.Advance(TimeSpan.FromMinutes 1.)

                  let! asked =
                      monitored server (fun () ->
                          task {
                              let! _ = request site header count
                              let! _ = request site header count
                              // Behind the entry, which was sent on the same connection.
                              let! _ = site.Database.PingAsync()
                              ()
                          })

                  sent asked |> Expect.equal "commands" [ "GET"; "EVALSHA"; "EVALSHA"; "GET"; "EVALSHA" ]

                  do! site.Connection.DisposeAsync()
              })

          for label, connectionOptions in [ "with", ",allowAdmin=true"; "without", "" ] do
              redisTest
                  $"promise 27: the driver warns once, at the first use, of a server that evicts, {label} admin mode"
                  (fun () ->
                      task {
                          use! server = RedisServer.Start evicting
                          let! site = siteOn server connectionOptions RedisScripting.Auto
                          site.Warnings |> Expect.isEmpty "not used yet"
                          let! header = request site None count
                          let began = Diagnostics.Stopwatch.StartNew()

                          while site.Warnings.IsEmpty && began.Elapsed < TimeSpan.FromSeconds 30. do
                              do! Task.Delay 5

                          let! _ = request site header (Session.signIn "alice")
                          let! _ = SessionRegistry.revokeOwner "web" "alice" none site.Registry

                          match site.Warnings with
                          | [ line ] -> line |> Expect.stringContains "the line" "allkeys-lru"
                          | lines -> failtest $"{lines.Length} warnings instead of one"

                          do! site.Connection.DisposeAsync()
                      })

          redisTest "a server that keeps everything, with a limit or without, is not warned of" (fun () ->
              task {
                  for arguments in [ []; [ "--maxmemory"; "200mb" ]; [ "--maxmemory-policy"; "allkeys-lru" ] ] do
                      use! server = RedisServer.Start arguments
                      let! site = siteOn server "" RedisScripting.Auto
                      let! _ = signIn site "alice"
                      let! _ = SessionRegistry.revokeOwner "web" "alice" none site.Registry
                      site.Warnings |> Expect.isEmpty $"{arguments}"
                      do! site.Connection.DisposeAsync()
              })

          redisTest
              "promise 27: for a user who may not run INFO the driver works, warns once, and every ending is complete"
              (fun () ->
                  task {
                      use! server = RedisServer.Start evicting
                      use! admin = server.Connect()

                      let! _ =
                          command
                              admin
                              "ACL"
                              [ "SETUSER"
                                "plain"
                                "on"
                                ">password"
                                "~*"
                                "&*"
                                "+@all"
                                "-@scripting"
                                "-info"
                                "-config" ]

                      let! site = siteOn server ",user=plain,password=password" RedisScripting.Auto
                      let! headers = Task.WhenAll [ for _ in 1..5 -> signIn site "alice" ]
                      let! isGone = admin.GetDatabase().KeyDeleteAsync(indexOf "alice")
                      isGone |> Expect.isTrue "the index was there"
                      let! ended = SessionRegistry.revokeOwner "web" "alice" none site.Registry
                      ended |> Expect.equal "ended" 5
                      do! areGone site "revoked" (List.ofArray headers)

                      match site.Warnings with
                      | [ line ] -> line |> Expect.stringContains "what to do" "+info"
                      | lines -> failtest $"{lines.Length} warnings instead of one"

                      do! site.Connection.DisposeAsync()
                  })

          siteTests
              "promise 27: on a server that does evict, no session that lives survives the ending of its owner"
              [ "--maxmemory"; "8mb"; "--maxmemory-policy"; "allkeys-random" ]
              (fun site ->
                  task {
                      let keys = [ for _ in 1..2000 -> newKey () ]
                      let padding = $"\"{String('x', 4000)}\""

                      for key in keys do
                          let! _ =
                              site.Driver.Create key (record site.Clock |> ofOwner "alice" |> changed padding) none
                          ()

                      let! evicted = command site.Connection "INFO" [ "stats" ]
                      evicted.Contains "evicted_keys:0\r" |> Expect.isFalse "it has evicted"
                      let! _ = SessionRegistry.revokeOwner "web" "alice" none site.Registry

                      for key in keys do
                          let! found = site.Driver.Load key none
                          found |> Expect.equal "gone" ValueNone
                  }) ]
