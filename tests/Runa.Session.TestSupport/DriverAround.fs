namespace Runa.Session.TestSupport

open System.Threading
open System.Threading.Tasks
open Runa.Session

/// Behind every call of a driver.
type IAround =
    abstract Call: StoreOperation -> CancellationToken -> (unit -> ValueTask<'T>) -> ValueTask<'T>

/// Drivers behind something that sees every call.
module DriverAround =

    let private answered (answer: ValueTask) : ValueTask<unit> =
        if answer.IsCompletedSuccessfully then
            ValueTask<unit>()
        else
            ValueTask<unit>(task { do! answer })

    /// A driver whose calls all pass through `around`. It is not in-process, so that store calls have their time limit.
    let wrap (around: IAround) (inner: SessionDriver) : SessionDriver =
        let owners (index: OwnerIndex) : OwnerIndex =
            { List =
                fun scope owner from token ->
                    around.Call StoreOperation.List token (fun () -> index.List scope owner from token)
              Epoch =
                fun scope owner token ->
                    around.Call StoreOperation.Epoch token (fun () -> index.Epoch scope owner token)
              Advance =
                fun scope owner token ->
                    let call () = answered (index.Advance scope owner token)
                    ValueTask((around.Call StoreOperation.Advance token call).AsTask())
              DeleteAll =
                fun scope token -> around.Call StoreOperation.DeleteAll token (fun () -> index.DeleteAll scope token) }

        { inner with
            Load = fun key token -> around.Call StoreOperation.Load token (fun () -> inner.Load key token)
            Create =
                fun key record token ->
                    around.Call StoreOperation.Create token (fun () -> inner.Create key record token)
            Replace =
                fun key version record token ->
                    around.Call StoreOperation.Replace token (fun () -> inner.Replace key version record token)
            Touch =
                fun key idleExpiresAt token ->
                    around.Call StoreOperation.Touch token (fun () -> inner.Touch key idleExpiresAt token)
            Delete = fun key token -> around.Call StoreOperation.Delete token (fun () -> inner.Delete key token)
            DeleteMany =
                fun keys token -> around.Call StoreOperation.Delete token (fun () -> inner.DeleteMany keys token)
            Owners = ValueOption.map owners inner.Owners
            Count =
                inner.Count
                |> ValueOption.map (fun count ->
                    fun scope token -> around.Call StoreOperation.Count token (fun () -> count scope token))
            PurgeExpired = fun token -> around.Call StoreOperation.Purge token (fun () -> inner.PurgeExpired token)
            Ping =
                fun token ->
                    ValueTask((around.Call StoreOperation.Ping token (fun () -> answered (inner.Ping token))).AsTask())
            Place = DriverPlace.Store }
