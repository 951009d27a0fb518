/// All that a driver does, in one go.
module internal Runa.Session.Tests.RedisExercises

open System
open System.Collections.Concurrent
open System.Threading.Tasks
open Expecto.Flip
open Microsoft.Extensions.Logging
open Runa.Session
open Runa.Session.Tests.RedisRecords

/// What the driver logs.
type Lines() =
    let lines = ConcurrentQueue<LogLevel * string>()
    member _.All = List.ofSeq lines

    interface ILoggerFactory with
        member _.AddProvider _ = ()
        member _.Dispose() = ()

        member _.CreateLogger _ =
            { new ILogger with
                member _.BeginScope _ = null
                member _.IsEnabled _ = true
                member _.Log(level, _, state, error, format) = lines.Enqueue(level, format.Invoke(state, error)) }

/// Create, replace, conflict, touch, list, end: each command of the driver once or more.
let exercise (clock: TimeProvider) (driver: SessionDriver) : Task<unit> =
    task {
        let keys = [ for _ in 1..30 -> newKey () ]
        let now = clock.GetUtcNow()

        for key in keys do
            let first = record clock |> ofOwner "alice" |> idleUntil (now.AddMinutes 20.)
            let second = changed "2" first
            let! created = driver.Create key first none
            let! replaced = driver.Replace key first.Version second none
            let! late = driver.Replace key first.Version (changed "3" first) none
            let! touched = driver.Touch key (now.AddMinutes 30.) none
            let! loaded = driver.Load key none
            created |> Expect.isTrue "created"
            replaced |> Expect.equal "replaced" ReplaceResult.Replaced
            late |> Expect.equal "late" (ReplaceResult.Conflict second)
            touched |> Expect.isTrue "touched"
            loaded |> Expect.equal "loaded" (ValueSome(SessionRecord.touch (now.AddMinutes 30.) second))

        let owners = ownersOf driver
        let! page = owners.List "tests/web" "alice" None none
        page.Items.Length |> Expect.equal "listed" 30
        let! before = owners.Epoch "tests/web" "alice" none
        do! owners.Advance "tests/web" "alice" none
        let! after = owners.Epoch "tests/web" "alice" none
        after |> Expect.notEqual "epoch" before
        let! removed = driver.Delete keys.Head none
        removed.IsSome |> Expect.isTrue "removed"
        let! deleted = owners.DeleteAll "tests/web" none
        deleted |> Expect.equal "deleted" 29
    }
