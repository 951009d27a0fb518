namespace Runa.Session

open System.Collections.Generic
open System.Threading
open System.Threading.Tasks

/// Those who wait for one key, and who has it.
[<Sealed>]
type internal KeyedLock() =
    member val Semaphore = new SemaphoreSlim(1)
    /// Who has it and who waits for it; at none it goes.
    member val Users = 0 with get, set

/// A lock for each store key, kept no longer than somebody has it or waits for it.
[<Sealed>]
type internal KeyedLocks() =
    let locks = Dictionary<StoreKey, KeyedLock>()

    let enter key =
        lock locks (fun () ->
            let held =
                match locks.TryGetValue key with
                | true, held -> held
                | _ ->
                    let held = KeyedLock()
                    locks[key] <- held
                    held

            held.Users <- held.Users + 1
            held)

    let leave key (held: KeyedLock) =
        lock locks (fun () ->
            held.Users <- held.Users - 1

            if held.Users = 0 then
                locks.Remove key |> ignore
                held.Semaphore.Dispose())

    /// The keys that somebody has or waits for.
    member _.Count = lock locks (fun () -> locks.Count)

    /// Does the work while nobody else does any under this key. The token ends the waiting.
    member _.Run(key: StoreKey, token: CancellationToken, work: unit -> Task<'T>) : Task<'T> =
        task {
            let held = enter key

            try
                do! held.Semaphore.WaitAsync token

                try
                    return! work ()
                finally
                    held.Semaphore.Release() |> ignore
            finally
                leave key held
        }
