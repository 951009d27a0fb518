module Runa.Session.Tests.RedisWireTests

open System
open System.Collections.Concurrent
open System.Text
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Time.Testing
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisMonitors
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

let private visits = SessionKey.create<int> "visits"
let private count = Session.update visits 0 ((+) 1)

/// An application on a server of its own, which nobody else talks to.
type private Application =
    { Server: RedisServer
      Clock: FakeTimeProvider
      Connection: ConnectionMultiplexer
      Registry: SessionRegistry }

let private application (change: SessionSettings -> SessionSettings) : Task<Application> =
    task {
        let! server = RedisServer.Start []
        let! connection = server.Connect()
        let clock = clock ()

        let registry =
            SessionSetup.empty
            |> SessionSetup.secrets [ "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T" ]
            |> SessionSetup.application "tests"
            |> SessionSetup.timeProvider clock
            |> SessionSetup.driver "redis" (RedisDriver.createWith (options "runa:" clock) connection)
            |> SessionSetup.session "web" (fun settings -> change { settings with Driver = "redis" })
            |> SessionRegistry.create

        return { Server = server; Clock = clock; Connection = connection; Registry = registry }
    }

let private close (application: Application) =
    application.Connection.Dispose()
    (application.Server :> IDisposable).Dispose()

let private wireTest name change (body: Application -> Task<unit>) =
    redisTest name (fun () ->
        task {
            let! application = application change

            try
                do! body application
            finally
                close application
        })

/// One request with a pure step; answers the header that the browser sends next.
let private request
    (application: Application)
    (header: string option)
    (step: Session -> Session)
    : Task<string option> =
    task {
        let! committed = SessionRegistry.update "web" header step none application.Registry

        return
            match committed.Cookies with
            | [] -> header
            | cookies -> Some((List.last cookies).Split(';')[0])
    }

let private requests application header step (times: int) =
    task {
        for _ in 1..times do
            let! _ = request application header step
            ()
    }
    :> Task

/// All keys that a command names: in this driver's commands, the arguments that begin with its prefix.
let private keys (command: MonitoredCommand) = command.Arguments |> List.filter _.StartsWith("runa:") |> List.distinct

[<Tests>]
let tests =
    testList
        "Redis wire"
        [ wireTest "a request that reads sends one command, one that changes two" id (fun application ->
              task {
                  let! header = request application None count
                  // The first of its kind loads the script.
                  do! requests application header count 1
                  let! reading = monitored application.Server (fun () -> requests application header id 3)
                  let! changing = monitored application.Server (fun () -> requests application header count 3)
                  sent reading |> Expect.equal "three that read" (List.replicate 3 "GET")
                  let once = [ "GET"; "EVALSHA" ]
                  sent changing |> Expect.equal "three that change" (once @ once @ once)
                  let! after = SessionRegistry.load "web" header none application.Registry
                  Session.tryGet visits after |> Expect.equal "counted" (Some 5)
              })

          wireTest "promise 8: without a cookie, and nothing to store, Redis is not asked" id (fun application ->
              task {
                  let! asked = monitored application.Server (fun () -> requests application None id 3)
                  sent asked |> Expect.isEmpty "commands"
              })

          wireTest
              "a sign-in asks for the epochs, lists, creates, asks again, and leaves the tombstone"
              id
              (fun application ->
                  task {
                      let! warm = request application None count
                      let! _ = request application warm (Session.signIn "bob")
                      let! header = request application None count
                      let! asked =
                          monitored application.Server (fun () ->
                              requests application header (Session.signIn "alice") 1)

                      // Read, epochs, index, record, epochs; then the tombstone of the stranger's session, which becomes the
                      // owner's: it is refused, listed, and written.
                      let epochs = [ "GET"; "PTTL"; "GET"; "PTTL" ]
                      let expected = "GET" :: epochs @ [ "EVALSHA"; "EVALSHA" ] @ epochs @ List.replicate 3 "EVALSHA"
                      sent asked |> Expect.equal "commands" expected
                  })

          wireTest "a signed-in user's requests send no more than a stranger's" id (fun application ->
              task {
                  let! header = request application None (Session.signIn "alice")
                  do! requests application header count 1
                  let! changing = monitored application.Server (fun () -> requests application header count 1)
                  sent changing |> Expect.equal "commands" [ "GET"; "EVALSHA" ]
              })

          wireTest
              "a request whose touch is due does not wait for it"
              (fun settings -> { settings with IdleTimeout = Some(TimeSpan.FromMinutes 20.) })
              (fun application ->
                  task {
                      let! header = request application None count
                      application.Clock.Advance(TimeSpan.FromMinutes 2.)
                      // Writes are held back, reads are not.
                      use! admin = application.Server.Connect()
                      let! held = command admin "CLIENT" [ "PAUSE"; "60000"; "WRITE" ]
                      held |> Expect.equal "paused" "OK"
                      let reading = request application header id
                      let! first = Task.WhenAny(reading :> Task, Task.Delay(TimeSpan.FromSeconds 30.))
                      first |> Expect.equal "the request was answered" (reading :> Task)
                      let! _ = command admin "CLIENT" [ "UNPAUSE" ]
                      let server = Array.head (application.Connection.GetServers())
                      let name = server.Keys(pattern = RedisValue.op_Implicit "runa:s:*") |> Seq.exactlyOne
                      let database = application.Connection.GetDatabase()
                      // Asked on the same connection, so it is answered after the touch.
                      let! value = database.StringGetAsync name
                      (string value).Substring(RedisHead.idleExpiresAt, RedisHead.timeLength)
                      |> Expect.equal "touched" "2030-01-02T03:26:05.0000000Z"
                  })

          wireTest "every command names one key, so that a cluster takes it" id (fun application ->
              task {
                  let work () : Task =
                      task {
                          let! header = request application None count
                          let! header = request application header (Session.signIn "alice")
                          let! header = request application header Session.regenerate
                          do! requests application header count 2
                          let! _ = SessionRegistry.forOwner "web" "alice" none application.Registry
                          let! _ = SessionRegistry.revokeOwner "web" "alice" none application.Registry
                          let! header = request application None count
                          let! _ = request application header Session.destroy
                          let! _ = SessionRegistry.revokeAll "web" none application.Registry
                          ()
                      }

                  let! asked = monitored application.Server work
                  asked |> List.exists (fun command -> command.Name = "SCAN") |> Expect.isTrue "all was shown"

                  for command in asked do
                      List.length (keys command)
                      |> (fun n -> Expecto.Expect.isLessThanOrEqual n 1 $"keys of {command}")
              })

          wireTest "promise 1: a dump of the store holds no token and no id of one" id (fun application ->
              task {
                  let headers = ConcurrentBag<string>()

                  for n in 1..20 do
                      let! header = request application None count
                      let! signedIn = request application header (Session.signIn $"user{n}")
                      let! regenerated = request application signedIn Session.regenerate
                      [ header; signedIn; regenerated ] |> List.choose id |> List.iter headers.Add

                  let! dump = RedisDump.dump application.Connection ""
                  let text = Encoding.Latin1.GetString dump
                  let hex = Convert.ToHexString dump
                  headers.Count |> Expect.equal "headers" 60

                  for header in headers do
                      let token = header.Substring(header.IndexOf '=' + 1)
                      let bytes = Buffers.Text.Base64Url.DecodeFromChars(token.AsSpan())
                      // Behind the version and the key's id: 32 bytes.
                      let id = bytes.AsSpan(3, 32).ToArray()
                      text.Contains token |> Expect.isFalse "the token"
                      text.Contains(Buffers.Text.Base64Url.EncodeToString(ReadOnlySpan id)) |> Expect.isFalse "the id"
                      text.Contains(Convert.ToBase64String id) |> Expect.isFalse "the id in base64"
                      text.Contains(Convert.ToHexString id, StringComparison.OrdinalIgnoreCase)
                      |> Expect.isFalse "in hex"
                      hex.Contains(Convert.ToHexString id) |> Expect.isFalse "as bytes"
              }) ]
