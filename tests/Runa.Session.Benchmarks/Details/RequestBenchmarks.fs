namespace Runa.Session.Benchmarks

open System.Threading.Tasks
open BenchmarkDotNet.Attributes
open BenchmarkDotNet.Configs
open BenchmarkDotNet.Jobs
open BenchmarkDotNet.Toolchains.InProcess.Emit

/// One request each, in process, without a network. What a session costs is its row less that of Bare.
[<MemoryDiagnoser>]
type RequestBenchmarks() =
    let bare = Apps.bare ()
    let frameworkRead = FrameworkApps.read ()
    let frameworkWrite = FrameworkApps.write ()
    let runaRead = RunaApps.read ()
    let runaWrite = RunaApps.write ()
    let runaWriteBehindUse = RunaApps.writeBehindUse ()
    let middlewareUntouched = MiddlewareApps.untouched ()
    let middlewareRead = MiddlewareApps.read ()
    let middlewareWrite = MiddlewareApps.write ()
    let middlewareStep = MiddlewareApps.step ()

    [<Benchmark(Baseline = true)>]
    member _.Bare() : Task = bare.Request()

    [<Benchmark>]
    member _.FrameworkRead() : Task = frameworkRead.Request()

    [<Benchmark>]
    member _.RunaRead() : Task = runaRead.Request()

    [<Benchmark>]
    member _.FrameworkWrite() : Task = frameworkWrite.Request()

    [<Benchmark>]
    member _.RunaWrite() : Task = runaWrite.Request()

    [<Benchmark>]
    member _.RunaWriteBehindUse() : Task = runaWriteBehindUse.Request()

    [<Benchmark>]
    member _.MiddlewareUntouched() : Task = middlewareUntouched.Request()

    [<Benchmark>]
    member _.MiddlewareRead() : Task = middlewareRead.Request()

    [<Benchmark>]
    member _.MiddlewareWrite() : Task = middlewareWrite.Request()

    [<Benchmark>]
    member _.MiddlewareStep() : Task = middlewareStep.Request()

/// In process, so that no second build of the packages is needed.
type Settings() =
    inherit ManualConfig()

    static member Instance =
        ManualConfig
            .Create(DefaultConfig.Instance)
            .AddJob(
                Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(5).WithIterationCount(10)
            )
