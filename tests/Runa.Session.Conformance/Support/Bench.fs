namespace Runa.Session.Conformance

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Time.Testing
open Runa.Session

/// What a test asks of a driver. A driver that lacks it is excused, and the test is skipped by name.
[<RequireQualifiedAccess>]
type internal Need =
    /// Compare-and-swap through one opened driver.
    | Swap
    /// Compare-and-swap between processes.
    | SwapBetweenProcesses
    /// An owner index.
    | Owners
    /// A function that counts.
    | Count
    /// A store: the session is not in the cookie itself.
    | Store
    /// A look at everything that is stored.
    | Dump
    /// Another node, whose clock differs.
    | Beside
    /// A store that can be filled.
    | Fill
    /// A store that loses records.
    | DropRecord
    /// A store that loses an owner's index.
    | DropIndex
    /// Stored documents that can be changed.
    | Rewrite

/// A process on the store with a clock of its own.
type internal Node = { Driver: SessionDriver; Clock: FakeTimeProvider }

/// One test's clock, and the drivers it opens on one store.
[<Sealed>]
type internal Bench(under: DriverUnderTest, clock: FakeTimeProvider, first: SessionDriver) =
    let mutable opened = [ first ]
    let mutable owned: IDisposable list = []
    let mutable beside: FakeTimeProvider list = []
    let mutable isFull = false

    member _.Under = under
    member _.Clock = clock
    member _.Driver = first
    member _.Now = clock.GetUtcNow()

    /// The index of a driver that has one.
    member _.Owners = first.Owners.Value

    /// As another process opens it.
    member _.OpenAnother() : Task<SessionDriver> =
        task {
            let! driver = under.Open clock
            opened <- driver :: opened
            return driver
        }

    /// With another clock: on a store of its own, or on this one.
    member _.OpenBy(other: TimeProvider) : Task<SessionDriver> =
        task {
            let! driver = under.Open other
            opened <- driver :: opened
            return driver
        }

    /// As another node opens it, whose clock is ahead by so much (or behind) and goes on with this one.
    member bench.OpenBeside(ahead: TimeSpan) : Task<Node> =
        task {
            let other = FakeTimeProvider(clock.GetUtcNow() + ahead)
            let! driver = under.Store.OpenBeside.Value clock other
            opened <- driver :: opened
            beside <- other :: beside
            return { Driver = driver; Clock = other }
        }

    /// On all nodes.
    member _.Pass(time: TimeSpan) : unit =
        for clock in clock :: beside do
            clock.Advance time

    member _.Fill() : Task<unit> =
        task {
            isFull <- true
            do! under.Store.Fill.Value clock true
        }

    member _.MakeRoom() : Task<unit> =
        task {
            do! under.Store.Fill.Value clock false
            isFull <- false
        }

    member _.DropRecord(key: StoreKey) : Task<unit> = under.Store.DropRecord.Value clock key

    member _.DropIndex (scope: string) (owner: string) : Task<unit> = under.Store.DropIndex.Value clock scope owner

    member _.Rewrite (key: StoreKey) (change: byte[] -> byte[]) : Task<unit> =
        under.Store.Rewrite.Value clock key change

    /// Two processes where the driver guarantees something between them, else one.
    member bench.OpenWriters() : Task<SessionDriver list> =
        match first.Guarantee with
        | DriverGuarantee.CompareAndSwap ->
            task {
                let! other = bench.OpenAnother()
                return [ first; other ]
            }
        | DriverGuarantee.LastWriteWins -> Task.FromResult [ first ]

    /// Disposed with the bench.
    member _.Own(disposable: #IDisposable) =
        owned <- disposable :> IDisposable :: owned
        disposable

    member bench.Dispose() : Task =
        task {
            if isFull then
                do! bench.MakeRoom()

            for disposable in owned do
                disposable.Dispose()

            for driver in opened do
                do! driver.Dispose()
        }

module internal Bench =
    /// An odd tick: a store that keeps milliseconds shows itself.
    let start = DateTimeOffset(2030, 3, 9, 10, 11, 12, TimeSpan.Zero).AddTicks 1_234_567L

    let private excuse (under: DriverUnderTest) (driver: SessionDriver) (need: Need) : string option =
        match need with
        | Need.Dump when under.Dump.IsNone -> Some "no dump: the suite was not given one"
        | Need.Dump -> None
        | Need.Beside when under.Store.OpenBeside.IsNone ->
            Some "no second clock: the suite was not given Store.OpenBeside"
        | Need.Fill when under.Store.Fill.IsNone -> Some "no full store: the suite was not given Store.Fill"
        | Need.DropRecord when under.Store.DropRecord.IsNone ->
            Some "no lost record: the suite was not given Store.DropRecord"
        | Need.DropIndex when under.Store.DropIndex.IsNone ->
            Some "no lost index: the suite was not given Store.DropIndex"
        | Need.Rewrite when under.Store.Rewrite.IsNone ->
            Some "no unreadable record: the suite was not given Store.Rewrite"
        | _ when driver.Place.IsCookie -> Some "excused: stateless, the session is in the cookie"
        | Need.Swap when driver.Guarantee = DriverGuarantee.LastWriteWins && not under.SwapsWithinOneDriver ->
            Some "excused: LastWriteWins"
        | Need.SwapBetweenProcesses when driver.Guarantee = DriverGuarantee.LastWriteWins ->
            Some "excused: LastWriteWins (between processes)"
        | Need.Owners when driver.Owners.IsNone -> Some "excused: no owner index"
        | Need.Count when driver.Count.IsNone -> Some "excused: cannot count"
        | _ -> None

    /// A test with a clock and a driver of its own, skipped where the driver lacks what it needs.
    let test (under: DriverUnderTest) (needs: Need list) (name: string) (body: Bench -> Task<unit>) : Test =
        testTask name {
            let clock = FakeTimeProvider start
            let! driver = under.Open clock
            let bench = Bench(under, clock, driver)

            try
                needs |> List.tryPick (excuse under driver) |> Option.iter skiptest
                do! body bench
            finally
                bench.Dispose().GetAwaiter().GetResult()
        }

/// Many at once.
module internal Crowd =
    /// How many calls are under way at once: more would only queue at the store.
    let width = 16

    /// `count` pieces of work, each on its own, `width` at a time.
    let run (count: int) (work: int -> Task<unit>) : Task<unit> =
        task {
            use gate = new SemaphoreSlim(width)

            let one (index: int) : Task =
                Task.Run(fun () ->
                    task {
                        do! gate.WaitAsync()

                        try
                            do! work index
                        finally
                            gate.Release() |> ignore
                    }
                    :> Task)

            do! Task.WhenAll [ for index in 0 .. count - 1 -> one index ]
        }

    /// All at the same moment; what each answered.
    let together (count: int) (work: int -> Task<'T>) : Task<'T list> =
        task {
            use start = new ManualResetEventSlim(false)
            let ready = new CountdownEvent(count)

            let works =
                [ for index in 0 .. count - 1 ->
                      Task.Factory.StartNew(
                          (fun () ->
                              ready.Signal() |> ignore
                              start.Wait()
                              work index),
                          CancellationToken.None,
                          TaskCreationOptions.LongRunning,
                          TaskScheduler.Default
                      )
                      |> _.Unwrap() ]

            ready.Wait()
            start.Set()
            let! answers = Task.WhenAll works
            return List.ofArray answers
        }
