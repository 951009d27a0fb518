module Runa.Session.Tests.MemoryPagesTests

open System
open System.Collections.Generic
open Expecto
open Expecto.Flip
open Runa.Session

[<Tests>]
let tests =
    testList
        "MemoryPages"
        [ testCase "blocks are what was added, whatever comes, goes and moves"
          <| fun () ->
              for seed in 1..20 do
                  let random = Random seed
                  let places = Dictionary<int, int>()
                  let contents = Dictionary<int, byte[]>()
                  let pages = MemoryPages(fun owner place -> places[owner] <- place)

                  let length () =
                      match random.Next 20 with
                      | 0 -> random.Next 20_000
                      | 1 -> 0
                      | _ -> random.Next 300

                  let mutable next = 0

                  for step in 1..6_000 do
                      // It grows, then shrinks.
                      if contents.Count = 0 || random.Next 5 < (if step < 3_000 then 3 else 2) then
                          let content = Array.zeroCreate<byte>(length ())
                          random.NextBytes content
                          contents[next] <- content
                          places[next] <- pages.Add(next, ReadOnlySpan content)
                          next <- next + 1
                      else
                          let owner = Seq.item (random.Next contents.Count) contents.Keys
                          pages.Free places[owner]
                          contents.Remove owner |> ignore
                          places.Remove owner |> ignore

                  for KeyValue(owner, content) in contents do
                      pages.Read(places[owner]).ToArray() |> Expect.equal "the block" content

                  for owner in List.ofSeq contents.Keys do
                      pages.Free places[owner]

                  Expect.isLessThanOrEqual "the last page" (pages.Held, 8_192L)

          testCase "promise 26: blocks that come and go in any order waste about an eighth"
          <| fun () ->
              let random = Random 1
              let places = Array.zeroCreate<int> 5_000
              let pages = MemoryPages(fun owner place -> places[owner] <- place)
              let lengths = Array.init 5_000 (fun _ -> random.Next(100, 200))
              let add owner = places[owner] <- pages.Add(owner, ReadOnlySpan(Array.zeroCreate<byte> lengths[owner]))

              for owner in 0..4_999 do
                  add owner

              for _ in 1..50_000 do
                  let owner = random.Next 5_000
                  pages.Free places[owner]
                  lengths[owner] <- random.Next(100, 200)
                  add owner

              let live = int64 (Array.sum lengths + 8 * lengths.Length)
              Expect.isLessThanOrEqual "held" (pages.Held, live + live / 7L + 32_768L) ]
