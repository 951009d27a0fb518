module Runa.Session.Tests.DurationTests

open System
open Expecto
open Runa.Session

[<Tests>]
let tests =
    testList
        "Duration"
        [ for text, expected in
              [ "2h", TimeSpan.FromHours 2.
                "30m", TimeSpan.FromMinutes 30.
                "1h30m", TimeSpan.FromMinutes 90.
                "90s", TimeSpan.FromSeconds 90.
                "7d", TimeSpan.FromDays 7.
                "1d2h3m4s", TimeSpan(1, 2, 3, 4)
                "02:00:00", TimeSpan.FromHours 2.
                "1.02:03:04", TimeSpan(1, 2, 3, 4)
                " 2h ", TimeSpan.FromHours 2.
                "007m", TimeSpan.FromMinutes 7. ] do
              test $"the duration {text}" { Expect.equal (Duration.tryParse text) (Some expected) "is read" }

          for text in
              [ ""
                " "
                "2"
                "h"
                "2 h"
                "2H"
                "30m1h"
                "1h1h"
                "1.5h"
                "-2h"
                "+2h"
                "0s"
                "0d0h"
                "00:00:00"
                "-02:00:00"
                "2:00"
                "25:00:00"
                "00:61:00"
                "9999999999s"
                "999999999d"
                "2h30"
                "2h,30m"
                "٢h"
                "1h\n30m"
                "two hours" ] do
              test $"no duration: %A{text}" { Expect.isNone (Duration.tryParse text) "is refused" }

          testProperty "what is written of days, hours, minutes and seconds is read back"
          <| fun (d: uint16, h: uint16, m: uint16, s: uint16) ->
              let span = TimeSpan(int d, int h, int m, int s)
              let expected = if span = TimeSpan.Zero then None else Some span
              Duration.tryParse $"{d}d{h}h{m}m{s}s" = expected
              && Duration.tryParse (span.ToString "d\\.hh\\:mm\\:ss") = expected

          testProperty "no text raises"
          <| fun (text: FsCheck.NonEmptyString) ->
              match Duration.tryParse text.Get with
              | Some span -> span > TimeSpan.Zero
              | None -> true ]
