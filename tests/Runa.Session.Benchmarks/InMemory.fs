namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.Runtime.InteropServices
open System.Threading
open Runa.Session

/// A clock that can be put ahead.
[<Sealed>]
type private Ahead() =
    inherit TimeProvider()
    member val By = TimeSpan.Zero with get, set
    override clock.GetUtcNow() = DateTimeOffset.UtcNow + clock.By
    override clock.GetTimestamp() =
        Stopwatch.GetTimestamp() + clock.By.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond)

/// Nanoseconds that this thread has worked; on other systems than Linux, the time. Other programs on the machine do not
/// count.
module private ThreadTime =
    [<DllImport("libc", EntryPoint = "clock_gettime")>]
    extern int private clockGetTime(int clock, int64[] time)

    let private threadClock = 3
    let private parts: int64[] = Array.zeroCreate 2

    let now () : int64 =
        if OperatingSystem.IsLinux() && clockGetTime (threadClock, parts) = 0 then
            parts[0] * 1_000_000_000L + parts[1]
        else
            int64 (Stopwatch.GetElapsedTime(0L).TotalNanoseconds)

/// What the driver memory costs with a million sessions of visitors: bytes, and the time of what a full store does.
module InMemory =
    let private million = 1_000_000

    /// About 100 bytes of content, in three values.
    let private record (now: DateTimeOffset) (n: int) : SessionRecord =
        let text (prefix: string) = "\"" + prefix + n.ToString "D32" + "\""

        { Version = RecordVersion.Next()
          Scope = "shop/web"
          State =
            { SessionState.fresh now (TimeSpan.FromDays 14.) with
                Values = Map [ "name", text "Runa"; "theme", text "dark"; "visits", (1_000_000 + n).ToString() ] }
          IdleExpiresAt = ValueSome(now + TimeSpan.FromHours 2.)
          Kind = RecordKind.Live }

    let private keys (count: int) =
        let random = Random 1
        Array.init count (fun _ -> StoreKey(uint64 (random.NextInt64()) * 2UL, uint64 (random.NextInt64())))

    let private line (what: string) (value: float) (target: float) (unit: string) =
        let verdict = if value <= target then "reached" else "not reached"
        printfn "%-58s %8.2f %-3s target %7.2f %-3s %s" what value unit target unit verdict

    /// Rounds of `count` each: the median of their means, and the median of their longest single times, in microseconds
    /// of this thread's work. What the garbage collector does for it counts.
    let private rounds (work: int -> unit) (from: int) (count: int) (rounds: int) =
        let longest (from: int) =
            let mutable longest = 0L
            let mutable last = ThreadTime.now ()

            for n in from .. from + count - 1 do
                work n
                let now = ThreadTime.now ()
                longest <- max longest (now - last)
                last <- now

            float longest / 1000.

        let mean (from: int) =
            let began = ThreadTime.now ()

            for n in from .. from + count - 1 do
                work n

            float (ThreadTime.now () - began) / 1000. / float count

        let measured =
            [ for round in 0 .. rounds - 1 ->
                  let from = from + 2 * round * count
                  mean from, longest (from + count) ]

        Median.of' (List.map fst measured), Median.of' (List.map snd measured)

    let private options: MemoryDriverOptions =
        { MemoryDriver.defaults with MaxSessions = million; MaxBytes = Int64.MaxValue }

    let private fill (driver: SessionDriver) (keys: StoreKey[]) =
        let now = DateTimeOffset.UtcNow

        fun n ->
            if not (driver.Create keys[n] (record now n) CancellationToken.None).Result then
                failwith "The key is taken."

    let private bytes (keys: StoreKey[]) =
        let before = GC.GetTotalMemory true
        let driver = MemoryDriver.create options
        let create = fill driver keys
        let mean, longest = rounds create 0 (million / 10) 5
        line
            "memory, bytes of a session, of a million"
            (float (GC.GetTotalMemory true - before) / float million)
            280.
            "B"
        line "memory, create: mean of a million" mean 5. "us"
        line "memory, create: the longest of 100,000" (longest / 1000.) 5. "ms"
        driver

    let private evict (driver: SessionDriver) (keys: StoreKey[]) =
        let mean, longest = rounds (fill driver keys) million 100_000 5
        line "memory, eviction in a full store: mean" mean 5. "us"
        line "memory, eviction in a full store: the longest of 100,000" (longest / 1000.) 5. "ms"

    let private load (driver: SessionDriver) key =
        if (driver.Load key CancellationToken.None).Result.IsNone then
            failwith "A session is gone."

    let private read (keys: StoreKey[]) =
        let driver = MemoryDriver.create options
        let create = fill driver keys

        for n in 0..99_999 do
            create n

        let hot, _ = rounds (fun _ -> load driver keys[7]) 0 200_000 9
        let turns, _ = rounds (fun n -> load driver keys[n % 100_000]) 0 100_000 9
        line "memory, read of one session" (hot * 1000.) 100. "ns"
        line "memory, read of 100,000 in turn" (turns * 1000.) 600. "ns"

    let private sweep (keys: StoreKey[]) =
        let clock = Ahead()
        let driver = MemoryDriver.create { options with TimeProvider = clock }
        let create = fill driver keys

        for n in 0 .. million - 1 do
            create n

        let purge expected =
            let began = ThreadTime.now ()
            let purged = (driver.PurgeExpired CancellationToken.None).Result

            if purged <> expected then
                failwith $"{purged} of {expected} were removed."

            float (ThreadTime.now () - began) / 1e6

        let nothing = Median.of' [ for _ in 1..5 -> purge 0 ]
        clock.By <- TimeSpan.FromHours 3.
        line "memory, sweep of a million, of which none has ended" nothing 370. "ms"
        line "memory, sweep of a million, all ended" (purge million) 1000. "ms"

    let run () =
        let keys = keys (2 * million)
        let driver = bytes keys
        evict driver keys
        GC.KeepAlive driver
        read keys
        sweep keys
