/// What a full memory store is tested with.
module internal Runa.Session.Tests.Evictions

open System
open System.Collections.Generic
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Logging.Abstractions
open Runa.Session
open Runa.Session.TestSupport

let key (n: int) = StoreKey.ofBytes (ReadOnlySpan(Array.append (BitConverter.GetBytes n) (Array.zeroCreate 12)))

let record (clock: TimeProvider) owner (minutes: float) : SessionRecord =
    { Version = RecordVersion.Next()
      Scope = "tests/web"
      State = { SessionState.fresh (clock.GetUtcNow()) (TimeSpan.FromMinutes minutes) with Owner = owner }
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

/// What a store holds of these keys.
let standing (store: MemoryStore) (keys: int seq) : int list =
    [ for n in keys do
          if (store.Peek(key n)).IsSome then
              n ]

/// The wall clock jumps, and the one that only ever goes on does not.
type JumpingClock(steady: TimeProvider) =
    inherit TimeProvider()
    member val Ahead = TimeSpan.Zero with get, set
    override this.GetUtcNow() = steady.GetUtcNow() + this.Ahead
    override _.TimestampFrequency = steady.TimestampFrequency
    override _.GetTimestamp() = steady.GetTimestamp()

/// A logger that keeps what it is told.
let heard () =
    let lines = List<string>()

    let log =
        { new ILogger with
            member _.BeginScope _ = null
            member _.IsEnabled _ = true

            member _.Log(level, _, state, error, format) =
                if level = LogLevel.Warning then
                    lines.Add(format.Invoke(state, error)) }

    log, lines

let open' (clock: TimeProvider) (maxSessions: int) (maxBytes: int64) =
    MemoryStore(clock, NullLogger.Instance, maxSessions, maxBytes)
