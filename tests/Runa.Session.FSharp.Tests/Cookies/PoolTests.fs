module Runa.Session.Tests.PoolTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session

[<Sealed>]
type private Thing() =
    let mutable users = 0
    member _.Enter() = Interlocked.Increment &users
    member _.Leave() = Interlocked.Decrement &users |> ignore

[<Tests>]
let tests =
    testList
        "Pool"
        [ test "a returned object is rented again, and a rented one is nobody else's" {
              let pool = Pool<Thing>(fun () -> Thing())
              let first = pool.Rent()
              let second = pool.Rent()
              Expect.isFalse (obj.ReferenceEquals(first.Item, second.Item)) "two at once"
              pool.Return first
              Expect.isTrue (obj.ReferenceEquals(first.Item, pool.Rent().Item)) "again"
          }

          test "more than the pool has room for are made, and left when returned" {
              let mutable made = 0

              let pool =
                  Pool<Thing>(fun () ->
                      made <- made + 1
                      Thing())

              let many = 4 * Environment.ProcessorCount
              let rented = [ for _ in 1..many -> pool.Rent() ]
              Expect.equal made many "each is another"
              rented |> List.iter pool.Return
              let again = [ for _ in 1..many -> pool.Rent() ]
              Expect.equal made (many + many - 2 * Environment.ProcessorCount) "as many as it has room for were kept"
              Expect.hasLength
                  (again |> List.distinctBy (fun slot -> LanguagePrimitives.PhysicalHash slot.Item))
                  many
                  "each once"
          }

          test "a thing has one user at a time, with many threads" {
              let pool = Pool<Thing>(fun () -> Thing())
              let mutable shared = 0

              Parallel.For(
                  0,
                  20_000,
                  fun _ ->
                      let slot = pool.Rent()

                      if slot.Item.Enter() <> 1 then
                          Interlocked.Increment &shared |> ignore

                      slot.Item.Leave()
                      pool.Return slot
              )
              |> ignore

              Expect.equal shared 0 "never two"
          } ]
