module Runa.Session.Tests.CommitQueueTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private key (n: int) = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 (byte n)))
let private long = TimeSpan.FromSeconds 30.

let private entered (turn: Turn) =
    match turn with
    | Turn.Entered latest -> latest
    | Turn.Full -> failtest "full"
    | Turn.TooLate -> failtest "too late"

let private enter (queues: CommitQueues) = queues.Enter(key 1, long)

let private some: SessionRecord =
    { Version = RecordVersion.Next()
      Scope = "tests/web"
      State = SessionState.fresh (clock().GetUtcNow()) (TimeSpan.FromHours 1.)
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

[<Tests>]
let tests =
    testList
        "CommitQueue"
        [ testCase "the first one enters at once, the others in their order"
          <| fun () ->
              let queues = CommitQueues()
              let turns = [ for _ in 1..3 -> enter queues ]
              turns |> List.map _.IsCompleted |> Expect.equal "only the first" [ true; false; false ]
              queues.Leave(key 1, ValueNone)
              wait turns[1] |> entered |> Expect.equal "nothing known" ValueNone
              turns[2].IsCompleted |> Expect.isFalse "the third waits"
              queues.Leave(key 1, ValueNone)
              wait turns[2] |> entered |> Expect.equal "nothing known" ValueNone

          testCase "a request that gets its turn is told what the one before has stored"
          <| fun () ->
              let queues = CommitQueues()
              let first = enter queues
              let second = enter queues
              wait first |> entered |> Expect.equal "nobody was before" ValueNone
              queues.Leave(key 1, ValueSome some)
              wait second |> entered |> Expect.equal "the record" (ValueSome some)

          testCase "after eight in a row that were told, one is not told, which lets other processes in"
          <| fun () ->
              let queues = CommitQueues()

              let told =
                  [ for turn in [ for _ in 1..20 -> enter queues ] do
                        (wait turn |> entered).IsSome
                        queues.Leave(key 1, ValueSome some) ]

              let eight = List.replicate 8 true
              told |> Expect.equal "told" ([ false ] @ eight @ [ false ] @ eight @ [ false; true ])

          testCase "a queue that emptied is forgotten, with what it knew"
          <| fun () ->
              let queues = CommitQueues()
              enter queues |> wait |> entered |> Expect.equal "nobody was before" ValueNone
              queues.Leave(key 1, ValueSome some)
              enter queues |> wait |> entered |> Expect.equal "a new queue" ValueNone

          testCase "sessions do not wait for each other"
          <| fun () ->
              let queues = CommitQueues()
              enter queues |> wait |> entered |> Expect.equal "in" ValueNone
              queues.Enter(key 2, long).IsCompleted |> Expect.isTrue "another session"

          testCase "a queue over 1,000 refuses at once"
          <| fun () ->
              let queues = CommitQueues()
              let turns = [ for _ in 1 .. CommitQueues.Longest -> enter queues ]
              let next = enter queues
              next.IsCompleted |> Expect.isTrue "at once"
              (match wait next with
               | Turn.Full -> true
               | _ -> false)
              |> Expect.isTrue "full"
              turns.Head.IsCompleted |> Expect.isTrue "the first one has its turn"

          testCase "a request that waited too long leaves, and holds nobody up"
          <| fun () ->
              let queues = CommitQueues()
              let first = enter queues
              let impatient = queues.Enter(key 1, TimeSpan.FromMilliseconds 1.)
              let third = enter queues
              (match wait impatient with
               | Turn.TooLate -> true
               | _ -> false)
              |> Expect.isTrue "too late"
              wait first |> entered |> Expect.equal "in" ValueNone
              queues.Leave(key 1, ValueNone)
              wait third |> entered |> Expect.equal "next" ValueNone

          testCase "on real threads one request at a time has the turn"
          <| fun () ->
              let queues = CommitQueues()
              let mutable inside = 0
              let mutable total = 0

              let work () =
                  task {
                      let! turn = enter queues
                      entered turn |> ignore
                      // No interlocking: the queue is what keeps them apart.
                      inside <- inside + 1
                      let alone = inside = 1
                      do! Task.Yield()
                      total <- total + 1
                      inside <- inside - 1
                      queues.Leave(key 1, ValueNone)
                      return alone
                  }

              let alone = Task.WhenAll [ for _ in 1..900 -> Task.Run<bool>(work) ] |> wait
              alone |> Array.forall id |> Expect.isTrue "nobody else was inside"
              total |> Expect.equal "all had a turn" 900 ]
