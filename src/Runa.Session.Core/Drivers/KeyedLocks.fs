namespace Runa.Session

open System.Collections.Generic
open System.Threading
open System.Threading.Tasks

/// The lock of one key.
[<Sealed>]
type internal KeyedLock() =
    member val Semaphore = new SemaphoreSlim(1)
    /// How many callers hold the lock or wait for it. At zero it is removed.
    member val Users = 0 with get, set

/// One lock for each key, kept only while somebody holds it or waits for it.
[<Sealed>]
type internal KeyedLocks<'Key when 'Key: equality and 'Key: not null>() =
    let locks = Dictionary<'Key, KeyedLock>()

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

    /// The number of keys that somebody holds or waits for.
    member _.Count = lock locks (fun () -> locks.Count)

    /// Runs the work while no other work runs under this key. The token ends the wait.
    member _.Run(key: 'Key, token: CancellationToken, work: unit -> Task<'T>) : Task<'T> =
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
