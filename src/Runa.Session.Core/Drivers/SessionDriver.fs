namespace Runa.Session

open System
open System.IO
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

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | DriverGuarantee.CompareAndSwap -> "CompareAndSwap"
        | DriverGuarantee.LastWriteWins -> "LastWriteWins"

[<RequireQualifiedAccess>]
type DriverPlace =
    | Store
    | Process
    | Cookie

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | DriverPlace.Store -> "Store"
        | DriverPlace.Process -> "Process"
        | DriverPlace.Cookie -> "Cookie"

[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedRecord =
    { Key: StoreKey
      Record: SessionRecord }

    member internal _.Display = "OwnedRecord"
    override owned.ToString() = owned.Display

[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedPage =
    { Items: OwnedRecord list
      Unreadable: StoreKey list
      Next: string option }

    member internal page.Display = $"OwnedPage ({page.Items.Length} items)"
    override page.ToString() = page.Display

[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type DeletedRecord =
    { Key: StoreKey
      Record: SessionRecord voption }

    member internal _.Display = "DeletedRecord"
    override deleted.ToString() = deleted.Display

[<Struct; RequireQualifiedAccess>]
type OwnerEpoch = { Number: int64; Age: TimeSpan }

[<RequireQualifiedAccess; NoComparison; NoEquality>]
type OwnerIndex =
    { List: string -> string -> string option -> CancellationToken -> ValueTask<OwnedPage>
      Epoch: string -> string -> CancellationToken -> ValueTask<OwnerEpoch>
      Advance: string -> string -> CancellationToken -> ValueTask
      DeleteAll: string -> CancellationToken -> ValueTask<int> }

[<Struct; RequireQualifiedAccess>]
type SessionCount = { Sessions: int64; SignedIn: int64 }

[<Struct; RequireQualifiedAccess>]
type DriverUsage = { Sessions: int64; Bytes: int64; EvictedVisitors: int64; EvictedUsers: int64 }

[<RequireQualifiedAccess; NoComparison; NoEquality>]
type SessionDriver =
    { Name: string
      Load: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>
      Create: StoreKey -> SessionRecord -> CancellationToken -> ValueTask<bool>
      Replace: StoreKey -> RecordVersion -> SessionRecord -> CancellationToken -> ValueTask<ReplaceResult>
      Touch: StoreKey -> DateTimeOffset -> CancellationToken -> ValueTask<bool>
      Delete: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>
      DeleteMany: StoreKey list -> CancellationToken -> ValueTask<DeletedRecord list>
      Owners: OwnerIndex voption
      Count: (string -> CancellationToken -> ValueTask<SessionCount>) voption
      Usage: (unit -> DriverUsage) voption
      Guarantee: DriverGuarantee
      PurgeExpired: CancellationToken -> ValueTask<int>
      Ping: CancellationToken -> ValueTask
      Dispose: unit -> ValueTask
      IsRefusal: exn -> bool
      Place: DriverPlace }

[<RequireQualifiedAccess>]
module SessionDriver =
    let clockTolerance = SessionRecord.clockTolerance

    let private deleteEach
        (delete: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>)
        (keys: StoreKey list)
        (token: CancellationToken)
        : ValueTask<DeletedRecord list> =
        let removed key record : DeletedRecord option = Some { Key = key; Record = record }

        let deleteOne key =
            task {
                try
                    match! delete key token with
                    | ValueSome _ as record -> return removed key record
                    | ValueNone -> return None
                with :? InvalidDataException ->
                    return removed key ValueNone
            }

        ValueTask<DeletedRecord list>(
            task {
                let! deleted = keys |> List.map deleteOne |> Task.WhenAll
                return deleted |> Array.choose id |> List.ofArray
            }
        )

    let create name load create replace touch delete : SessionDriver =
        { Name = name
          Load = load
          Create = create
          Replace = replace
          Touch = touch
          Delete = delete
          DeleteMany = deleteEach delete
          Owners = ValueNone
          Count = ValueNone
          Usage = ValueNone
          Guarantee = DriverGuarantee.CompareAndSwap
          PurgeExpired = fun _ -> ValueTask<int> 0
          Ping = fun _ -> ValueTask()
          Dispose = fun () -> ValueTask()
          IsRefusal = fun _ -> false
          Place = DriverPlace.Store }

    let withDeleteMany deleteMany (driver: SessionDriver) = { driver with DeleteMany = deleteMany }

    let withRefusals isRefusal (driver: SessionDriver) = { driver with IsRefusal = isRefusal }

    let withOwners owners (driver: SessionDriver) = { driver with Owners = ValueSome owners }

    let withCount count (driver: SessionDriver) = { driver with Count = ValueSome count }
    let withUsage usage (driver: SessionDriver) = { driver with Usage = ValueSome usage }

    let withGuarantee guarantee (driver: SessionDriver) = { driver with Guarantee = guarantee }
    let withPurge purge (driver: SessionDriver) = { driver with PurgeExpired = purge }
    let withPing ping (driver: SessionDriver) = { driver with Ping = ping }
    let withDispose dispose (driver: SessionDriver) = { driver with Dispose = dispose }
