/// Wrong owner indexes.
module Runa.Session.Tests.OwnerMutants

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

open Runa.Session.Tests.Spoilt

let mutants: Mutant list =
    [ "the index entry is written after the record",
      "promise 27: the index entry is there as soon as the record is",
      fun _ driver ->
          let late = ConcurrentDictionary<StoreKey, bool>()

          { driver with
              Create =
                  fun key record token ->
                      ValueTask<bool>(
                          task {
                              late[key] <- true
                              let! isCreated = driver.Create key record token
                              do! Task.Delay 5
                              late.TryRemove key |> ignore
                              return isCreated
                          }
                      ) }
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          ValueTask<OwnedPage>(
                              task {
                                  let! page = index.List scope owner from token
                                  let items = page.Items |> List.filter (fun item -> not (late.ContainsKey item.Key))
                                  return { page with Items = items }
                              }
                          ) })

      "a list leaves the client out",
      "promise 27: an owner's sessions are listed, ended one by one, all others, and all, on every node at once",
      fun _ driver ->
          let without (item: OwnedRecord) =
              { item with Record = { item.Record with State = { item.Record.State with Client = None } } }

          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          valueTask (fun () ->
                              task {
                                  let! page = index.List scope owner from token
                                  return { page with Items = List.map without page.Items }
                              }) })

      "the index entry is never written by Replace",
      "promise 27: a record is listed under the owner that it has now",
      fun _ driver ->
          let replaced = ConcurrentDictionary<StoreKey, bool>()

          { driver with
              Replace =
                  fun key version record token ->
                      replaced[key] <- true
                      driver.Replace key version record token }
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          ValueTask<OwnedPage>(
                              task {
                                  let! page = index.List scope owner from token
                                  let items =
                                      page.Items |> List.filter (fun item -> not (replaced.ContainsKey item.Key))
                                  return { page with Items = items }
                              }
                          ) })

      "a listing loses the 101st",
      "promise 27: many records come in pages of at most 100, each record once",
      fun _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          ValueTask<OwnedPage>(
                              task {
                                  let! page = index.List scope owner from token
                                  let items = if from.IsSome && page.Items <> [] then page.Items.Tail else page.Items
                                  return { page with Items = items }
                              }
                          ) })

      "a page that begins at any text is the first one",
      "promise 27: a page that is to begin at a text that no page ended with raises ArgumentException",
      fun _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          index.List scope owner (from |> Option.filter (StoreKey.ofText >> Option.isSome)) token })

      "a page that begins at a strange text is a fault of the store",
      "promise 27: a text that no page ended with is the caller's mistake, not a failure of the store",
      fun _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          match from |> Option.map StoreKey.ofText with
                          | Some None -> raise (FormatException "not a place")
                          | _ -> index.List scope owner from token })

      "pages are counted from the start",
      "promise 27: a record that stays is listed once, whatever comes and goes",
      fun _ driver ->
          let rec all (index: OwnerIndex) scope owner from found token : Task<OwnedRecord list> =
              task {
                  let! page = index.List scope owner from token

                  match page.Next with
                  | Some _ as next -> return! all index scope owner next (found @ page.Items) token
                  | None -> return found @ page.Items
              }

          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          ValueTask<OwnedPage>(
                              task {
                                  let! items = all index scope owner None [] token
                                  let skipped = from |> Option.map int |> Option.defaultValue 0
                                  let rest = List.skip (min skipped items.Length) items

                                  return
                                      ({ Items = List.truncate 100 rest
                                         Unreadable = []
                                         Next = if rest.Length > 100 then Some(string (skipped + 100)) else None }
                                      : OwnedPage)
                              }
                          ) })

      "owners are compared without their case",
      "promise 27: owners that are almost the same are different owners",
      fun _ driver ->
          driver
          |> withRecord (fun record ->
              { record with
                  State = { record.State with Owner = record.State.Owner |> Option.map _.ToLowerInvariant() } })

      "Advance changes the epoch of nobody",
      "promise 4, 27: a sign-in that is under way while its owner is revoked loses",
      fun _ driver -> driver |> withOwners (fun index -> { index with Advance = fun _ _ _ -> ValueTask() }) ]
