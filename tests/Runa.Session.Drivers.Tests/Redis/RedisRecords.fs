/// Records, and Redis drivers to keep them.
module internal Runa.Session.Tests.RedisRecords

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Time.Testing
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisServers

let none = CancellationToken.None

/// It stands still until the test moves it.
let clock () = FakeTimeProvider(DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero))

let newKey () : StoreKey = StoreKey.ofBytes (ReadOnlySpan((Guid.NewGuid()).ToByteArray()))

/// Of two hours, without an owner or an idle end.
let record (clock: TimeProvider) : SessionRecord =
    let state = SessionState.fresh (clock.GetUtcNow()) (TimeSpan.FromHours 2.)

    { Version = RecordVersion.Next()
      Scope = "tests/web"
      State = { state with Values = Map [ "visits", "1" ] }
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

/// The same with other values, as a new write.
let changed (value: string) (record: SessionRecord) : SessionRecord =
    { record with
        Version = RecordVersion.Next()
        State = { record.State with Values = Map [ "visits", value ] } }

let ofOwner (owner: string) (record: SessionRecord) : SessionRecord =
    { record with State = { record.State with Owner = Some owner } }

let until (expires: DateTimeOffset) (record: SessionRecord) : SessionRecord =
    { record with State = { record.State with ExpiresAt = expires } }

let idleUntil (idle: DateTimeOffset) (record: SessionRecord) : SessionRecord =
    { record with IdleExpiresAt = ValueSome idle }

let options (prefix: string) (clock: TimeProvider) : RedisDriverOptions =
    { RedisDriver.defaults with Prefix = prefix; TimeProvider = clock }

let ownersOf (driver: SessionDriver) : OwnerIndex =
    match driver.Owners with
    | ValueSome owners -> owners
    | ValueNone -> failtest "the driver has no owner index"

/// A test's own corner of the shared server.
type Corner =
    { Clock: FakeTimeProvider
      Prefix: string
      Scripting: RedisScripting
      Connection: ConnectionMultiplexer
      Driver: SessionDriver }

    member corner.Now = corner.Clock.GetUtcNow()
    member corner.Database = corner.Connection.GetDatabase()
    member corner.Owners = ownersOf corner.Driver

    /// The name of a record.
    member corner.Name(key: StoreKey) : RedisKey = RedisKey.op_Implicit $"{corner.Prefix}s:{StoreKey.toText key}"

    member corner.Names: RedisKey list =
        corner.Connection.GetServers()
        |> Seq.collect (fun server -> server.Keys(pattern = RedisValue.op_Implicit $"{corner.Prefix}*"))
        |> List.ofSeq

let corner (scripting: RedisScripting) : Task<Corner> =
    task {
        let! connection = sharedConnection ()
        let clock = clock ()
        let prefix = freshPrefix ()

        return
            { Clock = clock
              Prefix = prefix
              Scripting = scripting
              Connection = connection
              Driver = RedisDriver.createWith { options prefix clock with Scripting = scripting } connection }
    }

/// The same corner with a clock that begins at the real time, for tests of what Redis does by its own.
let nowadays (corner: Corner) : Corner =
    let clock = FakeTimeProvider DateTimeOffset.UtcNow

    { corner with
        Clock = clock
        Driver =
            RedisDriver.createWith { options corner.Prefix clock with Scripting = corner.Scripting } corner.Connection }

/// A node whose clock differs by so much, on the same records.
let beside (ahead: TimeSpan) (corner: Corner) : Corner =
    let clock = FakeTimeProvider(corner.Now + ahead)

    { corner with
        Clock = clock
        Driver =
            RedisDriver.createWith { options corner.Prefix clock with Scripting = corner.Scripting } corner.Connection }

/// One test for each way of writing.
let bothWays (name: string) (body: Corner -> Task<unit>) : Test =
    let way label scripting =
        redisTest label (fun () ->
            task {
                let! corner = corner scripting
                do! body corner
            })

    testList name [ way "by script" RedisScripting.Auto; way "by transaction" RedisScripting.Never ]

/// Fails unless `work` raises that exception with a message that says that.
let raises<'E when 'E :> exn> (says: string) (work: unit -> Task) : Task<unit> =
    task {
        let! caught =
            task {
                try
                    do! work ()
                    return None
                with error ->
                    return Some error
            }

        match caught with
        | Some(:? 'E as error) -> error.Message |> Expect.stringContains "its message" says
        | Some other -> failtest $"raised {other.GetType().Name}: {other.Message}"
        | None -> failtest $"raised nothing instead of {typeof<'E>.Name}"
    }
