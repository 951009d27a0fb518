/// Drivers whose epochs tell their age.
module internal Runa.Session.Tests.Aged

open System.Collections.Concurrent
open System.Diagnostics
open System.Threading.Tasks
open Runa.Session

/// The driver, with the age of each owner's last revocation by a monotonic clock.
let aged (inner: SessionDriver) : SessionDriver =
    let advanced = ConcurrentDictionary<string, int64>()
    let index = inner.Owners.Value

    let epochOf scope owner token : Task<OwnerEpoch> =
        task {
            let! epoch = index.Epoch scope owner token

            match advanced.TryGetValue owner with
            | true, at -> return { epoch with Age = Stopwatch.GetElapsedTime at }
            | _ -> return epoch
        }

    { inner with
        Owners =
            ValueSome
                { index with
                    Epoch = fun scope owner token -> ValueTask<OwnerEpoch>(epochOf scope owner token)
                    Advance =
                        fun scope owner token ->
                            advanced[owner] <- Stopwatch.GetTimestamp()
                            index.Advance scope owner token } }
