/// Many writers, touchers and deleters at once.
module internal Runa.Session.Conformance.ConcurrencyTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records

let private count (record: SessionRecord) = Int32.Parse(record.State.Values["visits"])

let private counted (number: int) (record: SessionRecord) = record |> again |> withValue "visits" (string number)

/// Adds one, trying again on each conflict.
let private increment (driver: SessionDriver) (key: StoreKey) =
    let rec from (current: SessionRecord) =
        task {
            match! Ask.replace driver key current.Version (counted (count current + 1) current) with
            | ReplaceResult.Replaced -> ()
            | ReplaceResult.Conflict current -> return! from current
            | ReplaceResult.Missing -> failtest "Missing, of a record that nobody deleted"
        }

    task {
        match! Ask.load driver key with
        | ValueSome current -> do! from current
        | ValueNone -> failtest "nothing is there, of a record that nobody deleted"
    }

let private pick (drivers: SessionDriver list) index = drivers[index % drivers.Length]

let private writers (under: DriverUnderTest) =
    let test = Bench.test under

    [ test [ Need.Swap ] $"promise 12: {under.Writers} writers of one key, and none is lost"
      <| fun bench ->
          task {
              let! drivers = bench.OpenWriters()
              let! key = Ask.store bench.Driver (live (newScope ()) bench.Now |> withValue "visits" "0")
              do! Crowd.run under.Writers (fun index -> increment (pick drivers index) key)
              let! loaded = Ask.load bench.Driver key
              count loaded.Value |> Expect.equal "the sum" under.Writers
          }

      test [ Need.Swap ] "promise 12: of writers at one version exactly one wins, and the others are told what it wrote"
      <| fun bench ->
          task {
              let! drivers = bench.OpenWriters()

              for _ in 1..25 do
                  let first = live (newScope ()) bench.Now
                  let! key = Ask.store bench.Driver first
                  let rivals = [ for n in 1..8 -> counted n first ]

                  let! answers =
                      Crowd.together rivals.Length (fun n -> Ask.replace (pick drivers n) key first.Version rivals[n])

                  let winners =
                      List.zip rivals answers |> List.filter (fun (_, answer) -> answer.IsReplaced) |> List.map fst

                  winners |> Expect.hasLength "one winner" 1

                  for answer in answers do
                      match answer with
                      | ReplaceResult.Conflict current -> current |> shouldBe "what the others are told" winners.Head
                      | ReplaceResult.Missing -> failtest "Missing, of a record that nobody deleted"
                      | ReplaceResult.Replaced -> ()

                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "what stands" winners.Head
          }

      test [ Need.Store ] $"promise 12: {under.Writers} writers of different keys, and all are there"
      <| fun bench ->
          task {
              let scope = newScope ()
              let records = Array.init under.Writers (fun n -> live scope bench.Now |> withValue "n" $"{n}")
              let keys = Array.init under.Writers (fun _ -> newKey ())
              let written = records |> Array.map (counted 2)

              do!
                  Crowd.run under.Writers (fun n ->
                      task {
                          let! isCreated = Ask.create bench.Driver keys[n] records[n]
                          isCreated |> Expect.isTrue "created"
                          let! replaced = Ask.replace bench.Driver keys[n] records[n].Version written[n]
                          replaced |> Ask.isReplaced "replaced"
                      })

              do!
                  Crowd.run under.Writers (fun n ->
                      task {
                          let! loaded = Ask.load bench.Driver keys[n]
                          loaded |> shouldBeThere "its own" written[n]
                      })
          }

      test [ Need.Swap ] "promise 3: of those that create one key at once exactly one does, and its record stands"
      <| fun bench ->
          task {
              let! drivers = bench.OpenWriters()

              for _ in 1..25 do
                  let key = newKey ()
                  let rivals = [ for n in 1..8 -> counted n (live (newScope ()) bench.Now) ]
                  let! answers = Crowd.together rivals.Length (fun n -> Ask.create (pick drivers n) key rivals[n])
                  let winners = List.zip rivals answers |> List.filter snd |> List.map fst
                  winners |> Expect.hasLength "one winner" 1
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "what stands" winners.Head
          }

      test [ Need.Swap ] "promise 12: touches undo no write, and writes no version"
      <| fun bench ->
          task {
              let! drivers = bench.OpenWriters()
              let writes = 200
              let first = live (newScope ()) bench.Now |> withValue "visits" "0"
              let! key = Ask.store bench.Driver (first |> withIdle (bench.Now + TimeSpan.FromMinutes 20.))

              do!
                  Crowd.run (2 * writes) (fun index ->
                      if index % 2 = 0 then
                          increment (pick drivers (index / 2)) key
                      else
                          task {
                              let idleExpiresAt =
                                  bench.Now + TimeSpan.FromMinutes 20. + TimeSpan.FromSeconds(float index)
                              let! touched = Ask.touch (pick drivers (index / 2)) key idleExpiresAt
                              touched |> Expect.isTrue "touched"
                          })

              let! loaded = Ask.load bench.Driver key
              count loaded.Value |> Expect.equal "the sum" writes
          }

      test [ Need.Swap ] "promise 7: of touches at once the latest stays"
      <| fun bench ->
          task {
              let! drivers = bench.OpenWriters()

              for _ in 1..10 do
                  let record = live (newScope ()) bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 5.)
                  let! key = Ask.store bench.Driver record
                  let ends = [ for n in 1..8 -> bench.Now + TimeSpan.FromMinutes(10. + float n) ]
                  let! _ = Crowd.together ends.Length (fun n -> Ask.touch (pick drivers n) key ends[n])
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "touched" (SessionRecord.touch (List.max ends) record)
          } ]

/// Writes, trying again on each conflict. False: nothing is there.
let private rewrite (driver: SessionDriver) (key: StoreKey) : Task<bool> =
    let rec from (current: SessionRecord) =
        task {
            match! Ask.replace driver key current.Version (again current) with
            | ReplaceResult.Replaced -> return true
            | ReplaceResult.Conflict current -> return! from current
            | ReplaceResult.Missing -> return false
        }

    task {
        match! Ask.load driver key with
        | ValueSome current -> return! from current
        | ValueNone -> return false
    }

/// Works until it is told to stop, or finds nothing to work on.
let private busy (stop: CancellationToken) (work: unit -> Task<bool>) : Task<unit> =
    Task.Run<unit>(fun () ->
        task {
            let mutable isGoing = true

            while isGoing do
                let! isAlive = work ()
                isGoing <- isAlive && not stop.IsCancellationRequested
        })

let private deletes (under: DriverUnderTest) =
    let test = Bench.test under

    [ test [ Need.Swap ] "promise 9: what is deleted stays dead, whoever writes and touches meanwhile"
      <| fun bench ->
          task {
              let! drivers = bench.OpenWriters()

              for round in 1..20 do
                  let record = live (newScope ()) bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)
                  let! key = Ask.store bench.Driver record
                  use stop = new CancellationTokenSource()
                  let moment = ref 0

                  let write driver () = rewrite driver key
                  let touch driver () =
                      let seconds = Interlocked.Increment moment
                      Ask.touch driver key (bench.Now + TimeSpan.FromMinutes 20. + TimeSpan.FromSeconds(float seconds))

                  let busy =
                      [ for n in 0..2 -> busy stop.Token (write (pick drivers n))
                        for n in 0..1 -> busy stop.Token (touch (pick drivers n)) ]

                  for _ in 0 .. round % 5 do
                      let! _ = Ask.load bench.Driver key
                      ()

                  let! deleted = Crowd.together 2 (fun n -> Ask.delete (pick drivers n) key)
                  let! _ = Task.WhenAll busy |> _.WaitAsync(TimeSpan.FromSeconds 30.)
                  stop.Cancel()
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeGone "after the delete"

                  deleted |> List.filter _.IsSome |> Expect.hasLength "one of two deletes removed it" 1
          }

      test [ Need.Swap ] "promise 9: a delete answers the last write that won"
      <| fun bench ->
          task {
              let! drivers = bench.OpenWriters()

              for _ in 1..20 do
                  let first = live (newScope ()) bench.Now |> withValue "visits" "0"
                  let! key = Ask.store bench.Driver first
                  let last = ref first
                  let deleted = ref ValueNone

                  let! _ =
                      Crowd.together 2 (fun n ->
                          if n = 0 then
                              task {
                                  let mutable isGoing = true

                                  while isGoing do
                                      let next = counted (count last.Value + 1) last.Value
                                      let! result = Ask.replace (pick drivers 0) key last.Value.Version next

                                      match result with
                                      | ReplaceResult.Replaced -> last.Value <- next
                                      | ReplaceResult.Missing -> isGoing <- false
                                      | ReplaceResult.Conflict _ -> failtest "a conflict with nobody"
                              }
                          else
                              task {
                                  let! _ = Ask.load (pick drivers 1) key
                                  let! removed = Ask.delete (pick drivers 1) key
                                  deleted.Value <- removed
                              })

                  deleted.Value |> shouldBeThere "what was deleted" last.Value
          } ]

let tests (under: DriverUnderTest) : Test = testList "concurrency" (writers under @ deletes under)
