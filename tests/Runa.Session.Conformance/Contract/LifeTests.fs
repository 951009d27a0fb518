/// Ends: when a record has expired, and what a touch moves.
module internal Runa.Session.Conformance.LifeTests

open System
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records

let private minutes (count: float) = TimeSpan.FromMinutes count
let private tick = TimeSpan.FromTicks 1L

/// It lives one tick before the end, and is dead at it.
let private endsWith (what: string) (bench: Bench) (key: StoreKey) (record: SessionRecord) =
    task {
        bench.Clock.SetUtcNow(SessionRecord.endsAt record - tick)
        let! loaded = Ask.load bench.Driver key
        loaded |> shouldBeThere $"{what}, a tick before its end" record
        let! touched = Ask.touch bench.Driver key (SessionRecord.endsAt record)
        touched |> Expect.isTrue $"{what}: a touch a tick before its end"
        bench.Clock.SetUtcNow(SessionRecord.endsAt record)
        let! touched = Ask.touch bench.Driver key (bench.Now + minutes 60.)
        touched |> Expect.isFalse $"{what}: a touch at its end"
        let! replaced =
            Ask.replace bench.Driver key record.Version (record |> again |> until (bench.Now + minutes 60.))
        replaced |> Ask.isMissing $"{what}: a write at its end"
        let! replaced = Ask.replace bench.Driver key (newVersion ()) (again record)
        replaced |> Ask.isMissing $"{what}: a write at its end, of another version"
        let! loaded = Ask.load bench.Driver key

        // It may be there yet: whoever loads it looks at its ends.
        match loaded with
        | ValueSome loaded ->
            loaded
            |> shouldBe $"{what}, after its end" (SessionRecord.touch (SessionRecord.endsAt record) record)
        | ValueNone -> ()
    }

let private expiry (under: DriverUnderTest) =
    let test = Bench.test under

    [ test [ Need.Store ] "promise 7: a record ends at its absolute end, to the tick"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now
              let! key = Ask.store bench.Driver record
              do! endsWith "without an idle end" bench key record
          }

      test [ Need.Store ] "promise 7: a record ends at its idle end, to the tick"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20. + tick)
              let! key = Ask.store bench.Driver record
              do! endsWith "with an idle end" bench key record
          }

      test [ Need.Store ] "promise 7: a touched record ends at the idle end that the touch gave it"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20.)
              let! key = Ask.store bench.Driver record
              bench.Clock.Advance(minutes 19.)
              let later = bench.Now + minutes 20. + tick
              let! touched = Ask.touch bench.Driver key later
              touched |> Expect.isTrue "touched"
              do! endsWith "touched" bench key (SessionRecord.touch later record)
          }

      test [ Need.Store ] "promise 7: a replaced record ends when the new record says, sooner or later"
      <| fun bench ->
          task {
              let scope = newScope ()
              // The clock goes on from one to the next.
              let endless () = live scope bench.Now
              let idle count = endless () |> withIdle (bench.Now + minutes count)
              let lasting count = endless () |> until (bench.Now + minutes count)

              for what, first, second in
                  [ "later", (fun () -> idle 10.), (fun () -> idle 50.)
                    "sooner", (fun () -> idle 50.), (fun () -> idle 10.)
                    "an idle end less", (fun () -> idle 10.), endless
                    "an idle end more", endless, (fun () -> idle 10.)
                    "sooner absolutely", endless, (fun () -> lasting 5.)
                    "later absolutely", endless, (fun () -> lasting 500.) ] do
                  let first, second = first (), second ()
                  let! key = Ask.store bench.Driver first
                  let! replaced = Ask.replace bench.Driver key first.Version second
                  replaced |> Ask.isReplaced what
                  do! endsWith what bench key second
          }

      test [ Need.Store ] "promise 3: create does not overwrite an expired record"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now
              let! key = Ask.store bench.Driver record
              bench.Clock.Advance(minutes 60.)
              let! isCreated = Ask.create bench.Driver key (live record.Scope bench.Now)
              isCreated |> Expect.isFalse "it exists until it is purged"
              let! replaced = Ask.replace bench.Driver key record.Version (live record.Scope bench.Now)
              replaced |> Ask.isMissing "and it is dead"
          } ]

let private touches (under: DriverUnderTest) =
    let test = Bench.test under

    let touchedAs what (bench: Bench) (record: SessionRecord) (idleExpiresAt: DateTimeOffset) =
        task {
            let! key = Ask.store bench.Driver record
            let! touched = Ask.touch bench.Driver key idleExpiresAt
            touched |> Expect.isTrue $"{what}: touched"
            let! loaded = Ask.load bench.Driver key
            loaded |> shouldBeThere what (SessionRecord.touch idleExpiresAt record)
            return key
        }

    [ test [ Need.Store ] "promise 7: a touch moves the idle end and when it was last seen, and nothing else"
      <| fun bench ->
          task {
              let record =
                  live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20.) |> withOwner (Some(newOwner ()))

              bench.Clock.Advance(minutes 3. + tick)
              let! _ = touchedAs "later" bench record (bench.Now + minutes 20.)
              let! _ = touchedAs "by one tick" bench record (bench.Clock.GetUtcNow() + minutes 17.)
              return ()
          }

      test [ Need.Store ] "promise 7: a touch never moves the idle end back"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20.)
              let! key = touchedAs "earlier" bench record (bench.Now + minutes 10.)
              let! _ = touchedAs "at the same moment" bench record (bench.Now + minutes 20.)
              let! touched = Ask.touch bench.Driver key (bench.Now + minutes 30.)
              touched |> Expect.isTrue "touched later"
              let! touched = Ask.touch bench.Driver key (bench.Now + minutes 25.)
              touched |> Expect.isTrue "and by a slower request, earlier"
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeThere "the later one stays" (SessionRecord.touch (bench.Now + minutes 30.) record)
          }

      test [ Need.Store ] "promise 7: a touch never moves the idle end past the absolute end"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20.)
              let! key = touchedAs "past" bench record (bench.Now + minutes 90.)
              let! _ = touchedAs "far past" bench record DateTimeOffset.MaxValue
              do! endsWith "touched past its end" bench key (SessionRecord.touch (bench.Now + minutes 90.) record)
          }

      test [ Need.Store ] "a touch gives an idle end to a record that has none"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now
              let! key = touchedAs "the first" bench record (bench.Now + minutes 20.)
              do! endsWith "touched" bench key (SessionRecord.touch (bench.Now + minutes 20.) record)
          }

      test [ Need.Store ] "promise 12: a touch does not change the version"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20.)
              let! key = touchedAs "touched" bench record (bench.Now + minutes 40.)
              let next = live record.Scope bench.Now |> withIdle (bench.Now + minutes 30.)
              let! replaced = Ask.replace bench.Driver key record.Version next
              replaced |> Ask.isReplaced "at the version from before the touch"
              let! loaded = Ask.load bench.Driver key
              // Of the touch nothing is left: the idle end is the new record's, though it is sooner.
              loaded |> shouldBeThere "the new record" next
          }

      test [ Need.Swap ] "the record of a conflict is a touched one where it was touched"
      <| fun bench ->
          task {
              let record = live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20.)
              let! key = touchedAs "touched" bench record (bench.Now + minutes 40.)
              let! late = Ask.replace bench.Driver key (newVersion ()) (again record)
              late |> Ask.isConflict "another version" (SessionRecord.touch (bench.Now + minutes 40.) record)
          } ]

let private purges (under: DriverUnderTest) =
    let test = Bench.test under

    [ test
          [ Need.Store ]
          "promise 11, 28: a purge deletes all that ended longer than 5 minutes ago, counts it, and leaves what lives or may live by another clock"
      <| fun bench ->
          task {
              let scope = newScope ()
              let record () = live scope bench.Now |> withIdle (bench.Now + minutes 20.) |> withOwner (Some "alice")
              let forever () = record () |> again |> until (bench.Now + minutes 500.)
              // What other tests left behind.
              bench.Clock.Advance(TimeSpan.FromDays 3_650.)
              let! _ = Ask.purge bench.Driver
              let start = bench.Now
              // More than one batch of any size that makes sense.
              let expired = 1_100
              let keys = Array.init expired (fun _ -> newKey ())

              do!
                  Crowd.run expired (fun index ->
                      task {
                          let! isCreated = Ask.create bench.Driver keys[index] (record ())
                          isCreated |> Expect.isTrue "created"
                      })

              let touched = forever ()
              let! touchedKey = Ask.store bench.Driver touched
              let! isTouched = Ask.touch bench.Driver touchedKey (bench.Now + minutes 20. + tick)
              isTouched |> Expect.isTrue "touched"
              let replaced = forever ()
              let! replacedKey = Ask.store bench.Driver (record ())
              let! found = Ask.load bench.Driver replacedKey
              let! result =
                  Ask.replace
                      bench.Driver
                      replacedKey
                      found.Value.Version
                      (replaced |> withIdle (bench.Now + minutes 40.))
              result |> Ask.isReplaced "replaced"
              let endless = { forever () with IdleExpiresAt = ValueNone }
              let! endlessKey = Ask.store bench.Driver endless

              let! none = Ask.purge bench.Driver
              none |> Expect.equal "nothing has expired" 0
              bench.Clock.Advance(minutes 20. + SessionDriver.clockTolerance - tick)
              let! none = Ask.purge bench.Driver
              none |> Expect.equal "by a clock that is 5 minutes behind nothing has" 0
              let! loaded = Ask.load bench.Driver keys[0]
              loaded.IsSome |> Expect.isTrue "it is still there"
              bench.Clock.Advance tick
              let! purged = Ask.purge bench.Driver

              if not under.ExpiresByItself then
                  purged |> Expect.equal "as many as have expired" expired

              for key in keys do
                  let! loaded = Ask.load bench.Driver key

                  match loaded with
                  | ValueSome record when not under.ExpiresByItself || not (SessionRecord.isExpired bench.Now record) ->
                      failtest "an expired record is still there"
                  | _ -> ()

              let! loaded = Ask.load bench.Driver touchedKey
              loaded |> shouldBeThere "touched" (SessionRecord.touch (start + minutes 20. + tick) touched)
              let! loaded = Ask.load bench.Driver replacedKey
              loaded |> shouldBeThere "replaced" (replaced |> withIdle (start + minutes 40.))
              let! loaded = Ask.load bench.Driver endlessKey
              loaded |> shouldBeThere "without an idle end" endless
              let! again = Ask.purge bench.Driver
              again |> Expect.equal "a second time" 0
          }

      test [ Need.Store ] "promise 11: a purge makes its keys free"
      <| fun bench ->
          task {
              if under.ExpiresByItself then
                  skiptest "excused: expired records are left to the store"

              let record = live (newScope ()) bench.Now
              let! key = Ask.store bench.Driver record
              bench.Clock.Advance(minutes 60. + SessionDriver.clockTolerance)
              let! _ = Ask.purge bench.Driver
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeGone "purged"
              let next = live record.Scope bench.Now
              let! isCreated = Ask.create bench.Driver key next
              isCreated |> Expect.isTrue "created anew"
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeThere "the new one" next
          } ]

let tests (under: DriverUnderTest) : Test = testList "life" (expiry under @ touches under @ purges under)
