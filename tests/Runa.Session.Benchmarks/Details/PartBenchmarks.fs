namespace Runa.Session.Benchmarks

open System
open System.Threading
open BenchmarkDotNet.Attributes
open Microsoft.Extensions.Primitives
open Runa.Session

/// The parts of a read, one by one.
[<MemoryDiagnoser>]
type PartBenchmarks() =
    let ring = KeyRing.ofSecrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
    let tokens = SessionToken(ring, Some "app", "web")
    let made = tokens.Create()
    let token, key = made.Text, made.Key
    let header = $"other=1; __Host-runa_session={token}; more=2"
    let driver = MemoryDriver.create ()

    let session =
        Session.empty "web"
        |> Session.set Apps.visits 1
        |> Session.set Apps.name "Runa"
        |> Session.set Apps.theme "dark"

    do
        let state = { session.State with ExpiresAt = DateTimeOffset.UtcNow.AddHours 1. }

        let record = NewRecord.live DateTimeOffset.UtcNow None "app/web" (RecordVersion.Next()) state
        driver.Create key record CancellationToken.None |> ignore

    [<Benchmark>]
    member _.ReadToken() : bool =
        match tokens.Read(token.AsSpan()) with
        | TokenReading.Genuine _ -> true
        | _ -> false

    [<Benchmark>]
    member _.FindCookie() : bool =
        let mutable walk = CookieWalk(StringValues header, "__Host-runa_session")
        walk.Next()

    [<Benchmark>]
    member _.LoadRecord() = driver.Load key CancellationToken.None

    [<Benchmark>]
    member _.GetInt() = Session.getOr Apps.visits 0 session

    [<Benchmark>]
    member _.GetText() = Session.getOr Apps.name "" session

    [<Benchmark>]
    member _.SetInt() = Session.set Apps.visits 2 session

    [<Benchmark>]
    member _.Now() = TimeProvider.System.GetUtcNow()

    [<Benchmark>]
    member _.CreateToken() = tokens.Create().Text
