module Runa.Session.Tests.RedisDriverTests

open System
open System.IO
open System.Threading
open Expecto
open Expecto.Flip
open Microsoft.Extensions.DependencyInjection
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

let private text (value: string) = RedisValue.op_Implicit value

let private endAll (corner: Corner) = corner.Clock.Advance(TimeSpan.FromHours 2.)

/// What the driver cannot have written, and what the error says.
let private damages: (string * string) list =
    let whole = record (clock ())
    let written = (RedisRecord.write (whole.State.CreatedAt) (RedisKey "key") whole).Value
    let sound = Text.Encoding.UTF8.GetString written
    let over (at: int) (by: string) = sound.Remove(at, by.Length).Insert(at, by)

    [ "secret else", "does not begin"
      "", "does not begin"
      sound.Substring(0, 17), "does not begin"
      over 0 "runa2", "does not begin"
      over RedisHead.versionAt "0000000000000017", "The version"
      over RedisHead.expiresAt "2017", "The absolute end"
      over RedisHead.idleExpiresAt (String('s', 28)), "The idle end"
      sound.Substring(0, sound.IndexOf '{') + "secret", "" ]

[<Tests>]
let tests =
    testList
        "RedisDriver"
        [ bothWays "promise 17: what was created is what is loaded" (fun corner ->
              task {
                  let key = newKey ()

                  let written =
                      record corner.Clock |> ofOwner "ålice 🦊" |> idleUntil (corner.Now.AddMinutes(20.).AddTicks 1L)

                  let! isCreated = corner.Driver.Create key written none
                  let! loaded = corner.Driver.Load key none
                  let! other = corner.Driver.Load (newKey ()) none
                  isCreated |> Expect.isTrue "created"
                  loaded |> Expect.equal "loaded" (ValueSome written)
                  other |> Expect.equal "another key" ValueNone
              })

          bothWays "a key that exists, even an expired one, is not created again" (fun corner ->
              task {
                  let key = newKey ()
                  let first = record corner.Clock
                  let! _ = corner.Driver.Create key first none
                  let! again = corner.Driver.Create key (record corner.Clock) none
                  endAll corner
                  let! expired = corner.Driver.Create key (record corner.Clock) none
                  let! loaded = corner.Driver.Load key none
                  (again, expired) |> Expect.equal "created" (false, false)
                  loaded |> Expect.equal "the first stands" (ValueSome first)
              })

          bothWays
              "promise 12: a replace at the version that stands succeeds, at another it carries what stands"
              (fun corner ->
                  task {
                      let key = newKey ()
                      let first = record corner.Clock
                      let second, third = changed "2" first, changed "3" first
                      let! _ = corner.Driver.Create key first none
                      let! replaced = corner.Driver.Replace key first.Version second none
                      let! late = corner.Driver.Replace key first.Version third none
                      let! missing = corner.Driver.Replace (newKey ()) first.Version third none
                      replaced |> Expect.equal "replaced" ReplaceResult.Replaced
                      late |> Expect.equal "late" (ReplaceResult.Conflict second)
                      missing |> Expect.equal "another key" ReplaceResult.Missing
                  })

          bothWays
              "promise 9: what has expired, absolutely or for want of requests, is neither replaced nor touched"
              (fun corner ->
                  task {
                      let absolute = record corner.Clock |> until (corner.Now.AddHours 1.)
                      let idle = record corner.Clock |> idleUntil (corner.Now.AddHours 1.)
                      let later = corner.Now.AddHours 1.5
                      let records = [ newKey (), absolute; newKey (), idle ]

                      for key, record in records do
                          let! _ = corner.Driver.Create key record none
                          ()

                      corner.Clock.Advance(TimeSpan.FromHours 1.)

                      for key, record in records do
                          let! replaced = corner.Driver.Replace key record.Version (changed "2" record) none
                          let! touched = corner.Driver.Touch key later none
                          let! loaded = corner.Driver.Load key none
                          replaced |> Expect.equal "replaced" ReplaceResult.Missing
                          touched |> Expect.isFalse "touched"
                          loaded |> Expect.equal "there, as it was" (ValueSome record)
                  })

          bothWays
              "a touch moves the idle end later, never earlier nor past the absolute end, and keeps the version"
              (fun corner ->
                  task {
                      let now = corner.Now
                      let key = newKey ()
                      let first = record corner.Clock |> idleUntil (now.AddMinutes 20.)
                      let! _ = corner.Driver.Create key first none

                      for touched, expected in [ 30., 30.; 10., 30.; 500., 120. ] do
                          let! isTouched = corner.Driver.Touch key (now.AddMinutes touched) none
                          let! loaded = corner.Driver.Load key none
                          let wanted = SessionRecord.touch (now.AddMinutes expected) first
                          isTouched |> Expect.isTrue "touched"
                          loaded |> Expect.equal $"after a touch to {touched}" (ValueSome wanted)

                      let! replaced = corner.Driver.Replace key first.Version (changed "2" first) none
                      replaced |> Expect.equal "at the version from before the touches" ReplaceResult.Replaced
                  })

          bothWays "a touch creates nothing" (fun corner ->
              task {
                  let! touched = corner.Driver.Touch (newKey ()) (corner.Now.AddHours 1.) none
                  touched |> Expect.isFalse "touched"
                  corner.Names |> Expect.isEmpty "keys"
              })

          bothWays "a replace without an idle end or an owner forgets those that were" (fun corner ->
              task {
                  let key = newKey ()
                  let first = record corner.Clock |> ofOwner "alice" |> idleUntil (corner.Now.AddMinutes 20.)
                  let second = record corner.Clock
                  let! _ = corner.Driver.Create key first none
                  let! _ = corner.Driver.Touch key (corner.Now.AddMinutes 30.) none
                  let! _ = corner.Driver.Replace key first.Version second none
                  let! loaded = corner.Driver.Load key none
                  let! value = corner.Database.StringGetAsync(corner.Name key)
                  loaded |> Expect.equal "loaded" (ValueSome second)
                  let written = (RedisRecord.write corner.Now (corner.Name key) second).Value
                  string value |> Expect.equal "the value" (Text.Encoding.UTF8.GetString written)
              })

          bothWays "a delete answers what it removed, expired or not" (fun corner ->
              task {
                  let key, expiredKey = newKey (), newKey ()
                  let expired = record corner.Clock
                  let! _ = corner.Driver.Create expiredKey expired none
                  endAll corner
                  let living = record corner.Clock
                  let! _ = corner.Driver.Create key living none
                  let! removed = corner.Driver.Delete key none
                  let! removedExpired = corner.Driver.Delete expiredKey none
                  let! again = corner.Driver.Delete key none
                  removed |> Expect.equal "removed" (ValueSome living)
                  removedExpired |> Expect.equal "removed, expired" (ValueSome expired)
                  again |> Expect.equal "removed again" ValueNone
                  corner.Names |> Expect.isEmpty "keys"
              })

          bothWays
              "promise 11, 28: Redis drops a record six minutes after its earlier end, which a touch moves: by then it has ended by the clock of every node"
              (fun corner ->
                  task {
                      let corner = nowadays corner
                      let now = corner.Now
                      let key = newKey ()
                      let first = record corner.Clock |> idleUntil (now.AddMinutes 20.)

                      let minutesLeft () =
                          match corner.Database.KeyTimeToLive(corner.Name key) with
                          | left when left.HasValue -> Math.Round left.Value.TotalMinutes
                          | _ -> nan

                      let! _ = corner.Driver.Create key first none
                      minutesLeft () |> Expect.equal "created" 26.
                      let! _ = corner.Driver.Touch key (now.AddMinutes 40.) none
                      minutesLeft () |> Expect.equal "touched" 46.
                      let! _ = corner.Driver.Replace key first.Version (record corner.Clock) none
                      minutesLeft () |> Expect.equal "replaced" 126.
                      let! _ = corner.Driver.Delete key none
                      let! _ = corner.Driver.Create key (first |> idleUntil (now.AddHours -1.)) none
                      minutesLeft () |> Expect.equal "created when it had expired" 6.
                  })

          bothWays
              "promise 12: of writers at one version one wins, scripts, transactions and touches side by side"
              (fun corner ->
                  task {
                      let byTransaction =
                          RedisDriver.createWith
                              { options corner.Prefix corner.Clock with Scripting = RedisScripting.Never }
                              corner.Connection

                      let driver n = if n % 2 = 0 then byTransaction else corner.Driver
                      let key = newKey ()
                      let now = corner.Now
                      let mutable current = record corner.Clock |> idleUntil (now.AddMinutes 1.)
                      let! _ = corner.Driver.Create key current none

                      for round in 1..20 do
                          let writes =
                              [ for n in 1..10 ->
                                    let next = changed $"{round}{n}" current
                                    next, (driver n).Replace key current.Version next none ]

                          let touches =
                              [ for n in 1..10 ->
                                    (driver n).Touch key (now.AddMinutes(float (round * 10 + n) / 10.)) none ]

                          let mutable winners = []

                          for next, answer in writes do
                              match! answer with
                              | ReplaceResult.Replaced -> winners <- next.Version :: winners
                              | ReplaceResult.Conflict found ->
                                  found.Version |> Expect.notEqual "another than it was read at" current.Version
                              | ReplaceResult.Missing -> failtest "missing"

                          for touch in touches do
                              let! isTouched = touch
                              isTouched |> Expect.isTrue "touched"

                          let! loaded = corner.Driver.Load key none
                          current <- loaded.Value
                          winners |> Expect.equal $"the winners of round {round}" [ current.Version ]
                  })

          bothWays
              "promise 5: what this driver did not write is an error that names the part and shows no value"
              (fun corner ->
                  task {
                      let whole = record corner.Clock

                      for value, says in damages do
                          let key = newKey ()
                          let! _ = corner.Database.StringSetAsync(corner.Name key, text value)
                          let load () = (corner.Driver.Load key none).AsTask() :> Tasks.Task
                          do! raises<InvalidDataException> says load

                          try
                              do! load ()
                          with error ->
                              for shown in [ "secret"; "ssss"; "else"; "17" ] do
                                  error.Message.Contains shown |> Expect.isFalse $"{error.Message} shows {shown}"

                      let key = newKey ()
                      let! _ = corner.Database.StringSetAsync(corner.Name key, text "something else")
                      let replace () = (corner.Driver.Replace key whole.Version whole none).AsTask() :> Tasks.Task
                      do! raises<InvalidDataException> "does not begin" replace
                      let! touched = corner.Driver.Touch key (corner.Now.AddHours 1.) none
                      touched |> Expect.isFalse "touched"
                  })

          bothWays
              "promise 17: a key of another type cannot be read, and is left as it is until it is deleted"
              (fun corner ->
                  task {
                      let key = newKey ()
                      let whole = record corner.Clock
                      let! _ = corner.Database.ListLeftPushAsync(corner.Name key, text "text")
                      do! raises<InvalidDataException> "a text" (fun () -> (corner.Driver.Load key none).AsTask())
                      let replace () = (corner.Driver.Replace key whole.Version whole none).AsTask() :> Tasks.Task
                      do! raises<InvalidDataException> "a text" replace
                      let! touched = corner.Driver.Touch key (corner.Now.AddHours 1.) none
                      touched |> Expect.isFalse "touched"
                      let! created = corner.Driver.Create key whole none
                      let! found = corner.Database.ListGetByIndexAsync(corner.Name key, 0L)
                      created |> Expect.isFalse "created"
                      string found |> Expect.equal "the entry" "text"
                      do! raises<InvalidDataException> "a text" (fun () -> (corner.Driver.Delete key none).AsTask())
                      corner.Names |> Expect.isEmpty "deleted"
                  })

          bothWays "promise 15: a call that is cancelled beforehand raises, and leaves no session" (fun corner ->
              task {
                  let cancelled = CancellationToken true
                  let key = newKey ()
                  let mine = record corner.Clock |> ofOwner "alice"
                  do! raises<OperationCanceledException> "" (fun () -> (corner.Driver.Load key cancelled).AsTask())
                  do!
                      raises<OperationCanceledException> "" (fun () ->
                          (corner.Driver.Create key mine cancelled).AsTask())
                  let! loaded = corner.Driver.Load key none
                  loaded |> Expect.equal "loaded" ValueNone
              }) ]
