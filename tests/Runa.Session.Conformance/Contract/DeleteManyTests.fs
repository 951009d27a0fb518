/// Deleting many records at once.
module internal Runa.Session.Conformance.DeleteManyTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists

let private textsOf (keys: StoreKey seq) = keys |> Seq.map StoreKey.toText |> Seq.sort |> List.ofSeq

let tests (under: DriverUnderTest) : Test =
    let test = Bench.test under

    testList
        "deleting many"
        [ test
              [ Need.Store ]
              "promise 27: DeleteMany removes what stands under 100 keys, and answers each once, as it stood"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let plain = Array.init 60 (fun _ -> live scope bench.Now)
                  let idle =
                      Array.init 20 (fun _ -> live scope bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.))
                  let stones = Array.init 10 (fun _ -> live scope bench.Now |> tombstone (newKey ()))
                  let records = Array.concat [ plain; idle; stones ] |> Array.map (withOwner (Some "alice"))
                  let keys = records |> Array.map (fun _ -> newKey ())
                  do! createAll bench keys (fun n -> records[n])
                  let later = bench.Now + TimeSpan.FromMinutes 30.

                  for n in 60..79 do
                      let! isTouched = Ask.touch bench.Driver keys[n] later
                      isTouched |> Expect.isTrue "touched"
                      records[n] <- SessionRecord.touch later records[n]

                  let! other = Ask.store bench.Driver (live scope bench.Now |> withOwner (Some "alice"))
                  let missing = Array.init 10 (fun _ -> newKey ())
                  let asked = List.ofArray (Array.append missing keys)
                  let! deleted = Ask.deleteMany bench.Driver asked
                  deleted |> Seq.map _.Key |> textsOf |> Expect.equal "those that stood, each once" (textsOf keys)

                  for found in deleted do
                      found.Record
                      |> shouldBeThere "as it stood" records[Array.findIndex (fun key -> key = found.Key) keys]

                  for key in keys do
                      let! loaded = Ask.load bench.Driver key
                      loaded |> shouldBeGone "deleted"

                  let! loaded = Ask.load bench.Driver other
                  loaded.IsSome |> Expect.isTrue "what was not asked for stands"

                  if bench.Driver.Owners.IsSome then
                      do! lists bench "the other one" scope "alice" [ other ]

                  let! again = Ask.deleteMany bench.Driver asked
                  again |> Expect.isEmpty "a second time"
                  let! none = Ask.deleteMany bench.Driver []
                  none |> Expect.isEmpty "of no keys"
              }

          test [ Need.Swap ] "promise 9, 27: what DeleteMany removed stays dead, whatever is written meanwhile"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let keys = Array.init 100 (fun _ -> newKey ())
                  let records =
                      keys
                      |> Array.map (fun _ -> live scope bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.))
                  do! createAll bench keys (fun n -> records[n])

                  let write n =
                      task {
                          let mutable record = records[n]
                          let mutable isThere = true
                          let mutable minutes = 20.

                          while isThere do
                              minutes <- minutes + 0.01
                              let next = again record

                              match! Ask.replace bench.Driver keys[n] record.Version next with
                              | ReplaceResult.Replaced ->
                                  record <- next
                                  let! isTouched =
                                      Ask.touch bench.Driver keys[n] (bench.Now + TimeSpan.FromMinutes minutes)
                                  isThere <- isTouched
                              | ReplaceResult.Conflict _ -> failtest "nobody else writes it"
                              | ReplaceResult.Missing -> isThere <- false
                      }

                  let writers = Task.WhenAll [ for n in 0..15 -> Task.Run<unit>(fun () -> write n) ]
                  let! deleted = Ask.deleteMany bench.Driver (List.ofArray keys)
                  let! _ = writers
                  deleted |> Seq.map _.Key |> textsOf |> Expect.equal "all, each once" (textsOf keys)

                  for key in keys do
                      let! loaded = Ask.load bench.Driver key
                      loaded |> shouldBeGone "deleted"
              }

          test
              [ Need.SwapBetweenProcesses ]
              "promise 27: of two processes that end the same records at once, each record is answered to one"
          <| fun bench ->
              task {
                  let! other = bench.OpenAnother()
                  let keys = Array.init 100 (fun _ -> newKey ())
                  do! createAll bench keys (fun _ -> live (newScope ()) bench.Now)

                  let! deleted =
                      Crowd.together 2 (fun n ->
                          Ask.deleteMany (if n = 0 then bench.Driver else other) (List.ofArray keys))

                  List.concat deleted |> Seq.map _.Key |> textsOf |> Expect.equal "each once" (textsOf keys)
              } ]
