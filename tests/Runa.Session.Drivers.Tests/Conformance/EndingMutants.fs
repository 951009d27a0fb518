/// Wrong ways of deleting many, and of telling how long ago that was.
module Runa.Session.Tests.EndingMutants

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Threading
open System.Threading.Tasks
open Runa.Session
open Runa.Session.Tests.DocumentDriver
open Runa.Session.Tests.Spoilt

let private deletes =
    "promise 27: DeleteMany removes what stands under 100 keys, and answers each once, as it stood"

let private ages =
    "promise 27: the age is small right after an Advance, grows, and does not follow the application's clock"

let private withEpoch (change: string -> string -> OwnerEpoch -> OwnerEpoch) =
    withOwners (fun index ->
        { index with
            Epoch =
                fun scope owner token ->
                    valueTask (fun () ->
                        task {
                            let! epoch = index.Epoch scope owner token
                            return change scope owner epoch
                        }) })

let private withDeleteMany (change: StoreKey list -> DeletedRecord list -> DeletedRecord list) (driver: SessionDriver) =
    { driver with
        DeleteMany =
            fun keys token ->
                valueTask (fun () ->
                    task {
                        let! deleted = driver.DeleteMany keys token
                        return change keys deleted
                    }) }

/// When an owner's sessions were ended, by the application's clock.
let private advances =
    ConditionalWeakTable<DocumentStore, ConcurrentDictionary<string * string, DateTimeOffset>>()

let mutants: StoreMutant list =
    [ "DeleteMany leaves all but the first ten",
      deletes,
      fun _ _ driver -> { driver with DeleteMany = fun keys token -> driver.DeleteMany (List.truncate 10 keys) token }

      "DeleteMany answers keys under which nothing stood",
      deletes,
      fun _ _ driver ->
          driver |> withDeleteMany (fun keys _ -> [ for key in keys -> { Key = key; Record = ValueNone } ])

      "DeleteMany answers nothing", deletes, fun _ _ driver -> driver |> withDeleteMany (fun _ _ -> [])

      "DeleteMany answers what it read, and then deletes",
      "promise 27: of two processes that end the same records at once, each record is answered to one",
      fun _ _ driver ->
          { driver with
              DeleteMany =
                  fun keys token ->
                      valueTask (fun () ->
                          task {
                              let found = ResizeArray<DeletedRecord>()

                              for key in keys do
                                  match! load driver key with
                                  | ValueSome _ as record -> found.Add { Key = key; Record = record }
                                  | ValueNone -> ()

                              do! Task.Delay 20
                              let! _ = driver.DeleteMany keys token
                              return List.ofSeq found
                          }) }

      "a write puts back what DeleteMany removed",
      "promise 9, 27: what DeleteMany removed stays dead, whatever is written meanwhile",
      fun _ _ driver ->
          { driver with
              Replace =
                  fun key version record token ->
                      valueTask (fun () ->
                          task {
                              match! driver.Replace key version record token with
                              | ReplaceResult.Missing ->
                                  let! _ = driver.Create key record token
                                  return ReplaceResult.Missing
                              | result -> return result
                          }) }

      "nobody knows how old an epoch is",
      ages,
      fun _ _ driver -> driver |> withEpoch (fun _ _ epoch -> { epoch with Age = TimeSpan.MaxValue })

      "the age is told in whole seconds, rounded down",
      ages,
      fun _ _ driver ->
          driver
          |> withEpoch (fun _ _ epoch ->
              if epoch.Age = TimeSpan.MaxValue then
                  epoch
              else
                  { epoch with Age = TimeSpan.FromSeconds(floor epoch.Age.TotalSeconds) })

      "the age is told in whole seconds, rounded up",
      ages,
      fun _ _ driver ->
          driver
          |> withEpoch (fun _ _ epoch ->
              if epoch.Age = TimeSpan.MaxValue then
                  epoch
              else
                  { epoch with Age = TimeSpan.FromSeconds(ceil epoch.Age.TotalSeconds) })

      "the age follows the application's clock",
      ages,
      fun store clock driver ->
          let times = advances.GetValue(store, (fun _ -> ConcurrentDictionary()))

          driver
          |> withOwners (fun index ->
              { index with
                  Advance =
                      fun scope owner token ->
                          times[(scope, owner)] <- clock.GetUtcNow()
                          index.Advance scope owner token })
          |> withEpoch (fun scope owner epoch ->
              match times.TryGetValue((scope, owner)) with
              | true, at -> { epoch with Age = clock.GetUtcNow() - at }
              | _ -> epoch)

      "every owner counts as just revoked",
      "promise 27: the age of an owner who was never revoked is longer than any request's",
      fun _ _ driver -> driver |> withEpoch (fun _ _ epoch -> { epoch with Age = TimeSpan.Zero })

      "DeleteAll leaves the age of an owner's epoch",
      "promise 27: DeleteAll makes the age small for every owner of its scope, known or not, and for no other scope",
      fun store _ driver ->
          driver
          |> withEpoch (fun scope owner epoch ->
              match lock store (fun () -> store.Epochs.TryGetValue(struct (scope, owner))) with
              | true, struct (_, at) -> { epoch with Age = Diagnostics.Stopwatch.GetElapsedTime at }
              | _ -> { epoch with Age = TimeSpan.MaxValue })

      "pages are of ten",
      "promise 27: 600 records of an owner are listed in full pages, each once, and deleted by the page",
      fun _ _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          valueTask (fun () ->
                              task {
                                  let! page = index.List scope owner from token

                                  if page.Items.Length > 10 then
                                      let items = List.truncate 10 page.Items
                                      return
                                          { page with
                                              Items = items
                                              Next = Some(StoreKey.toText (List.last items).Key) }
                                  else
                                      return page
                              }) })

      "listing many loses a page",
      "promise 27: an owner of 600 sessions lists them, ends all others, and all, by the page",
      fun _ _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          valueTask (fun () ->
                              task {
                                  let! page = index.List scope owner from token
                                  let! next =
                                      match page.Next with
                                      | Some _ when from.IsSome -> (index.List scope owner page.Next token).AsTask()
                                      | _ -> Task.FromResult page

                                  return { page with Next = next.Next }
                              }) }) ]
