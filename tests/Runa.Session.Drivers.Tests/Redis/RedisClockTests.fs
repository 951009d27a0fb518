module Runa.Session.Tests.RedisClockTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Time.Testing
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

let private scope = "tests/web"

let private minutesLeft (corner: Corner) (name: RedisKey) =
    match corner.Database.KeyTimeToLive name with
    | left when left.HasValue -> Math.Round left.Value.TotalMinutes
    | _ -> nan

let private indexOf (corner: Corner) : RedisKey = RedisKey.op_Implicit $"{corner.Prefix}o:9:{scope}:alice"
let private minutes (n: float) = TimeSpan.FromMinutes n

let private listed (corner: Corner) =
    task {
        let! page = corner.Owners.List scope "alice" None none
        return page.Items |> List.map (fun item -> StoreKey.toText item.Key) |> List.sort
    }

let private atLeast (what: string) (expected: float) (actual: float) =
    Expecto.Expect.isGreaterThanOrEqual actual expected what

[<Tests>]
let tests =
    testList
        "Redis, clocks"
        [ bothWays
              "promise 28: a record is kept until it has ended by a clock that is five minutes behind, whoever writes it"
              (fun corner ->
                  task {
                      let corner = nowadays corner
                      let ahead = beside (minutes 5.) corner
                      let key = newKey ()
                      let first = record corner.Clock |> ofOwner "alice" |> idleUntil (corner.Now.AddMinutes 20.)
                      let! _ = corner.Driver.Create key first none
                      minutesLeft corner (corner.Name key) |> Expect.equal "created" 26.
                      // Ends by the clock of the one that is ahead, five minutes later by the others.
                      let! _ = ahead.Driver.Touch key (ahead.Now.AddMinutes 20.) none
                      minutesLeft corner (corner.Name key) |> atLeast "touched" 30.
                      let second = changed "2" first |> idleUntil (ahead.Now.AddMinutes 25.)
                      let! replaced = ahead.Driver.Replace key first.Version second none
                      replaced |> Expect.equal "replaced" ReplaceResult.Replaced
                      minutesLeft corner (corner.Name key) |> atLeast "replaced" 35.

                      let tombstone =
                          { changed "1" second with Kind = RecordKind.Moved(newKey ()); IdleExpiresAt = ValueNone }
                          |> ofOwner "alice"
                          |> until (ahead.Now.AddMinutes 2.)

                      let! replaced = ahead.Driver.Replace key second.Version tombstone none
                      replaced |> Expect.equal "moved" ReplaceResult.Replaced
                      // By a node that is on time it ends in seven minutes.
                      minutesLeft corner (corner.Name key) |> atLeast "a tombstone" 13.
                  })

          bothWays
              "promise 28: a node whose clock jumps three hours ahead and back loses nobody's session"
              (fun corner ->
                  task {
                      let corner = nowadays corner
                      let jumping = beside TimeSpan.Zero corner
                      let keys = [ for _ in 1..5 -> newKey () ]
                      let first = record corner.Clock |> ofOwner "alice" |> until (corner.Now.AddHours 5.)

                      for key in keys do
                          let! _ = corner.Driver.Create key (first |> idleUntil (corner.Now.AddMinutes 20.)) none
                          ()

                      let long = newKey ()
                      let! _ = corner.Driver.Create long first none
                      jumping.Clock.AdjustTime(jumping.Now.AddHours 3.)
                      // It takes the five for ended, and neither it nor its writes to the index remove them.
                      let! gone = jumping.Driver.Touch keys.Head (jumping.Now.AddMinutes 20.) none
                      gone |> Expect.isFalse "ended by its clock"
                      let fresh = newKey ()
                      let! _ = jumping.Driver.Create fresh (record jumping.Clock |> ofOwner "alice") none
                      // The same end, of which its clock says that it is two hours away.
                      let! replaced = jumping.Driver.Replace long first.Version (changed "2" first) none
                      replaced |> Expect.equal "replaced" ReplaceResult.Replaced
                      minutesLeft corner (corner.Name long) |> Expect.equal "not shortened" 306.
                      let wanted = fresh :: long :: keys |> List.map StoreKey.toText |> List.sort
                      let! byTheJumping = listed jumping
                      byTheJumping |> Expect.equal "listed by it" wanted
                      jumping.Clock.AdjustTime corner.Now
                      let! byTheOthers = listed corner
                      byTheOthers |> Expect.equal "listed afterwards" wanted

                      for key in keys do
                          let! touched = corner.Driver.Touch key (corner.Now.AddMinutes 25.) none
                          touched |> Expect.isTrue "alive"
                          minutesLeft corner (corner.Name key) |> Expect.equal "for as long as ever" 31.

                      let! members = corner.Database.SortedSetLengthAsync(indexOf corner)
                      members |> Expect.equal "entries" 7L
                  })

          bothWays
              "promise 28: an idle end that a clock three hours ahead has set is kept for as long as the others see it"
              (fun corner ->
                  task {
                      let corner = nowadays corner
                      let ahead = beside (TimeSpan.FromHours 3.) corner
                      let key = newKey ()
                      let first = record corner.Clock |> until (corner.Now.AddHours 9.)
                      let! _ = corner.Driver.Create key (first |> idleUntil (corner.Now.AddHours 4.)) none
                      let! touched = ahead.Driver.Touch key (ahead.Now.AddHours 4.) none
                      touched |> Expect.isTrue "touched"
                      minutesLeft corner (corner.Name key) |> Expect.equal "seven hours" (7. * 60. + 6.)
                  })

          bothWays
              "promise 28: one that starts three hours ahead does not shorten what it replaces, nor the index"
              (fun corner ->
                  task {
                      let corner = nowadays corner
                      let ahead = beside (TimeSpan.FromHours 3.) corner
                      let key = newKey ()
                      let first = record corner.Clock |> ofOwner "alice" |> until (corner.Now.AddHours 4.)
                      let! _ = corner.Driver.Create key first none
                      let! replaced = ahead.Driver.Replace key first.Version (changed "2" first) none
                      replaced |> Expect.equal "replaced" ReplaceResult.Replaced
                      minutesLeft corner (corner.Name key) |> Expect.equal "the record" 246.
                      minutesLeft corner (indexOf corner) |> Expect.equal "the index" 246.
                  })

          bothWays
              "promise 27: an epoch's age is by Redis's clock, the younger of the owner's and everybody's"
              (fun corner ->
                  task {
                      let age owner =
                          task {
                              let! epoch = corner.Owners.Epoch scope owner none
                              return epoch.Age
                          }

                      let! never = age "alice"
                      never |> Expect.equal "no revocation yet" TimeSpan.MaxValue
                      let began = Diagnostics.Stopwatch.StartNew()
                      do! corner.Owners.Advance scope "alice" none
                      // The application's clock is not asked.
                      corner.Clock.Advance(TimeSpan.FromHours 5.)
                      let! first = age "alice"
                      let! bobs = age "bob"
                      first |> (fun age -> Expecto.Expect.isGreaterThan age TimeSpan.Zero "rounded up")
                      Expecto.Expect.isLessThanOrEqual first (began.Elapsed + minutes 0.1) "young"
                      bobs |> Expect.equal "somebody else's" TimeSpan.MaxValue
                      let name: RedisKey = RedisKey.op_Implicit $"{corner.Prefix}e:9:{scope}:alice"
                      let! _ = corner.Database.KeyExpireAsync(name, Nullable(TimeSpan.FromHours 23.))
                      let! older = age "alice"
                      Math.Round older.TotalMinutes |> Expect.equal "an hour later" 60.
                      let! _ = corner.Owners.DeleteAll scope none
                      let! all = age "alice"
                      let! bobs = age "bob"
                      Expecto.Expect.isLessThan all (minutes 1.) "alice's is young again"
                      Expecto.Expect.isLessThan bobs (minutes 1.) "so is everybody's"
                  }) ]
