namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

[<RequireQualifiedAccess>]
type ReplaceResult =
    | Replaced
    | Conflict of SessionRecord
    | Missing

[<RequireQualifiedAccess>]
type DriverGuarantee =
    | CompareAndSwap
    | LastWriteWins

[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedRecord =
    { Key: StoreKey
      Record: SessionRecord }

    member internal _.Display = "OwnedRecord"
    override owned.ToString() = owned.Display

[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedPage =
    { Items: OwnedRecord list
      Next: string option }

    member internal page.Display = $"OwnedPage ({page.Items.Length} items)"
    override page.ToString() = page.Display

[<RequireQualifiedAccess; NoComparison; NoEquality>]
type OwnerIndex =
    { List: string -> string -> string option -> CancellationToken -> ValueTask<OwnedPage>
      Epoch: string -> string -> CancellationToken -> ValueTask<int64>
      Advance: string -> string -> CancellationToken -> ValueTask
      DeleteAll: string -> CancellationToken -> ValueTask<int> }

[<RequireQualifiedAccess; NoComparison; NoEquality>]
type SessionDriver =
    { Name: string
      Load: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>
      Create: StoreKey -> SessionRecord -> CancellationToken -> ValueTask<bool>
      Replace: StoreKey -> RecordVersion -> SessionRecord -> CancellationToken -> ValueTask<ReplaceResult>
      Touch: StoreKey -> DateTimeOffset -> CancellationToken -> ValueTask<bool>
      Delete: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>
      Owners: OwnerIndex voption
      Guarantee: DriverGuarantee
      PurgeExpired: CancellationToken -> ValueTask<int>
      Ping: CancellationToken -> ValueTask
      Dispose: unit -> ValueTask
      InProcess: bool
      InCookie: bool }

[<RequireQualifiedAccess>]
module SessionDriver =
    let create name load create replace touch delete : SessionDriver =
        { Name = name
          Load = load
          Create = create
          Replace = replace
          Touch = touch
          Delete = delete
          Owners = ValueNone
          Guarantee = DriverGuarantee.CompareAndSwap
          PurgeExpired = fun _ -> ValueTask<int> 0
          Ping = fun _ -> ValueTask()
          Dispose = fun () -> ValueTask()
          InProcess = false
          InCookie = false }

    let withOwners owners (driver: SessionDriver) = { driver with Owners = ValueSome owners }

    let withGuarantee guarantee (driver: SessionDriver) = { driver with Guarantee = guarantee }
    let withPurge purge (driver: SessionDriver) = { driver with PurgeExpired = purge }
    let withPing ping (driver: SessionDriver) = { driver with Ping = ping }
    let withDispose dispose (driver: SessionDriver) = { driver with Dispose = dispose }
