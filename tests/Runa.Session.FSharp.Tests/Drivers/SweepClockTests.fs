module Runa.Session.Tests.SweepClockTests

open System
open Expecto
open Expecto.Flip
open Runa.Session

/// Two hands that are set apart: the wall clock, and the one that only ever goes on.
type private TwoHands() =
    inherit TimeProvider()
    member val Wall = DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero) with get, set
    member val Elapsed = TimeSpan.Zero with get, set

    member this.Pass(time: TimeSpan) =
        this.Wall <- this.Wall + time
        this.Elapsed <- this.Elapsed + time

    override this.GetUtcNow() = this.Wall
    override _.TimestampFrequency = TimeSpan.TicksPerSecond
    override this.GetTimestamp() = this.Elapsed.Ticks

let private hours (n: float) = TimeSpan.FromHours n

[<Tests>]
let tests =
    testList
        "SweepClock"
        [ test "promise 28: a clock that goes as it should is followed" {
              let clock = TwoHands()
              let sweep = SweepClock clock

              for _ in 1..48 do
                  clock.Pass(hours 1.)
                  sweep.Now |> Expect.equal "the clock's" clock.Wall
          }

          test "promise 28: a clock that jumps three hours ahead, and back, moves no sweep" {
              let clock = TwoHands()
              let sweep = SweepClock clock
              clock.Pass(hours 1.)
              let before = clock.Wall
              clock.Wall <- clock.Wall + hours 3.
              sweep.Now |> Expect.equal "not ahead" before
              clock.Pass(hours 1.)
              sweep.Now |> Expect.equal "an hour later" (before + hours 1.)
              clock.Wall <- clock.Wall - hours 3.
              sweep.Now |> Expect.equal "back" clock.Wall
          }

          test "promise 11: a clock that stays ahead is believed after six hours" {
              let clock = TwoHands()
              let sweep = SweepClock clock
              clock.Wall <- clock.Wall + hours 3.
              sweep.Now |> Expect.equal "not yet" (clock.Wall - hours 3.)
              clock.Pass(hours 5.9)
              sweep.Now |> Expect.equal "nor now" (clock.Wall - hours 3.)
              clock.Pass(hours 0.1)
              sweep.Now |> Expect.equal "believed" clock.Wall
              clock.Pass(hours 1.)
              sweep.Now |> Expect.equal "and followed" clock.Wall
          }

          test "promise 28: within the tolerance of clocks it is followed at once, ahead and back" {
              let clock = TwoHands()
              let sweep = SweepClock clock

              for minutes in [ 5.; -5.; -60.; 4. ] do
                  clock.Wall <- clock.Wall + TimeSpan.FromMinutes minutes
                  sweep.Now |> Expect.equal $"{minutes} minutes" clock.Wall
          } ]
