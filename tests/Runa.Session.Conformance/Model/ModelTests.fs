/// Interleavings of several browsers' requests, against a model of a few lines.
module internal Runa.Session.Conformance.ModelTests

open System.Threading.Tasks
open Expecto
open FsCheck
open FsCheck.FSharp
open Runa.Session

let private owners = [ "alice"; "bob" ]
let private keys = [ "a"; "b"; "c" ]

let private changes: Gen<Change list> =
    let key = Gen.elements keys

    Gen.frequency
        [ 3, Gen.map2 (fun key value -> Change.Set(key, value)) key (Gen.choose (1, 3))
          5, Gen.map Change.Increment key
          2, Gen.map Change.Remove key
          4, Gen.map (fun n -> Change.Flash $"flash {n}") (Gen.choose (1, 99))
          3, Gen.constant Change.TakeFlashes
          1, Gen.constant Change.Clear
          1, Gen.map Change.Label (Gen.elements [ "phone"; "laptop" ])
          1, Gen.map Change.Client (Gen.elements [ "192.0.2.1"; "::1" ])
          2, Gen.constant Change.Regenerate
          2, Gen.constant Change.Destroy
          4, Gen.map Change.SignIn (Gen.elements owners)
          1, Gen.map Change.WithLifetime (Gen.elements [ 1; 30; 180 ]) ]
    |> Gen.listOf
    |> Gen.resize 3

/// Around the ends that there are: 5 seconds, 1, 2 and 20 minutes, 2 hours.
let private ticks =
    Gen.frequency
        [ 4, Gen.elements [ 1; 4; 5; 6 ]
          3, Gen.elements [ 59; 60; 61; 119; 120; 121 ]
          3, Gen.elements [ 300; 600; 1_140 ]
          1, Gen.elements [ 1_199; 1_200; 1_201; 3_600; 7_200 ] ]

let private operations (hasOwners: bool) : Gen<Operation> =
    let browser = Gen.choose (0, 3)
    let owner = Gen.elements owners

    Gen.frequency
        [ 6, Gen.map2 (fun browser changes -> Operation.Step(browser, changes)) browser changes
          5, Gen.map Operation.Load browser
          6, Gen.map2 (fun browser changes -> Operation.Commit(browser, changes)) browser changes
          2, Gen.map2 (fun browser into -> Operation.Copy(browser, into)) browser browser
          3, Gen.map Operation.Tick ticks
          1, Gen.constant Operation.Purge
          if hasOwners then
              1, Gen.map Operation.RevokeOwner owner
              1, Gen.map Operation.RevokeOthers browser
              1, Gen.map Operation.Devices owner ]

let private fewer (items: 'T list) : 'T list seq =
    seq {
        if items.Length > 3 then
            List.take (items.Length / 2) items
            List.skip (items.Length / 2) items

        for index in 0 .. items.Length - 1 do
            List.removeAt index items
    }

/// Fewer operations, then fewer changes in them.
let private simpler (Story operations) : Story seq =
    seq {
        for fewer in fewer operations do
            Story fewer

        for index, operation in List.indexed operations do
            let instead operation = Story(List.updateAt index operation operations)

            match operation with
            | Operation.Step(browser, changes) ->
                for fewer in fewer changes do
                    instead (Operation.Step(browser, fewer))
            | Operation.Commit(browser, changes) ->
                for fewer in fewer changes do
                    instead (Operation.Commit(browser, fewer))
            | _ -> ()
    }

let private stories (hasOwners: bool) : Arbitrary<Story> =
    // Most begin with tabs of one session, or few requests would meet each other.
    let tabs =
        gen {
            let! signsIn = Gen.elements [ []; [ Change.SignIn "alice" ] ]
            return
                Operation.Step(0, Change.Increment "a" :: signsIn)
                :: [ for into in 1..2 -> Operation.Copy(0, into) ]
        }

    let story =
        gen {
            let! start = Gen.frequency [ 3, tabs; 1, Gen.constant [] ]
            let! length = Gen.choose (10, 22)
            let! operations = Gen.listOfLength length (operations hasOwners)
            // At the end everything is ended: what is counted then is all that was left.
            return Story(start @ operations @ (if hasOwners then [ Operation.RevokeAll ] else []))
        }

    Arb.fromGenShrink (story, simpler)

let private run (bench: Bench) (drivers: SessionDriver list) (story: Story) : unit =
    let application = Site.NewApplication()

    let sites =
        [ for driver in drivers -> new Site(driver, bench.Clock, application, Site.Secrets, Sites.settings bench) ]

    // A store that expires by itself keeps what the clock of the tests calls expired.
    let purge =
        if bench.Under.ExpiresByItself then
            None
        else
            Some(fun () ->
                task {
                    let! _ = Ask.purge bench.Driver
                    ()
                })

    try
        ModelRun(sites, bench.Clock, purge).Run(story).GetAwaiter().GetResult()
    finally
        for site in sites do
            (site :> System.IDisposable).Dispose()

/// A tab goes on with a cookie from before its session moved to the next owner, while all of the first one's are ended; so
/// long after the first one's sign-in.
let private nextOwner (seconds: int) : Story =
    Story
        [ Operation.Step(0, [ Change.SignIn "alice" ])
          Operation.Step(0, [ Change.SignIn "bob" ])
          Operation.Copy(0, 1)
          Operation.Copy(0, 2)
          Operation.Tick seconds
          Operation.Step(1, [ Change.SignIn "alice" ])
          Operation.RevokeOwner "bob"
          // Refused: the browser may yet receive the cookie of the sign-in.
          Operation.Step(0, [ Change.SignIn "alice" ])
          Operation.Step(2, [ Change.Destroy ])
          Operation.Load 1 ]

/// A request that loaded long ago touches the session just after it has moved: the idle end that it counts has passed.
let private lateTouch: Story =
    Story
        [ Operation.Step(0, [ Change.Increment "a" ])
          Operation.Copy(0, 1)
          Operation.Copy(0, 2)
          Operation.Tick 1_140
          Operation.Load 2
          Operation.Step(2, [])
          Operation.Tick 119
          Operation.Step(0, [])
          Operation.Tick 1_140
          Operation.Step(1, [ Change.SignIn "alice" ])
          Operation.Commit(2, [])
          // Refused: another request has moved the session.
          Operation.Step(2, [ Change.Increment "b" ]) ]

/// All of an owner's are ended after their tombstone has ended by every clock, but was not swept: then a request that saw the
/// session alive before all this does not find the way to the next owner's.
let private longEnded: Story =
    Story
        [ Operation.Step(0, [ Change.SignIn "alice" ])
          Operation.Copy(0, 1)
          Operation.Load 1
          Operation.Step(1, [ Change.SignIn "alice" ])
          Operation.Step(1, [ Change.SignIn "bob" ])
          Operation.Tick 1_140
          Operation.RevokeOwner "alice"
          Operation.Commit(1, [ Change.Destroy ]) ]

let private toldStories (under: DriverUnderTest) : Test list =
    let told needs name story =
        Bench.test under (Need.Store :: Need.Swap :: needs) name (fun bench ->
            task {
                let! drivers = bench.OpenWriters()
                run bench drivers story
            })

    [ told [] "promise 4: a touch that comes after its session has moved does not end the tombstone" lateTouch
      told
          [ Need.Owners ]
          "promise 9, 27: ending an owner's sessions ends their tombstones, however long ended"
          longEnded
      // The first owner's tombstone lives; has ended; has ended by every clock, and a store that has not swept yet has it.
      for seconds in [ 0; 600; 1_140 ] do
          told
              [ Need.Owners ]
              $"promise 4, 9, 27: ending an owner's sessions leaves the next owner's tombstone, {seconds} seconds after the first one's"
              (nextOwner seconds) ]

let private randomStories (under: DriverUnderTest) : Test =
    Bench.test
        under
        [ Need.Store; Need.Swap ]
        $"promise 3, 4, 7, 9, 12, 16, 27: {under.Interleavings} interleavings of several browsers' requests go as the model says"
        (fun bench ->
            task {
                let! drivers = bench.OpenWriters()

                let config =
                    Config.QuickThrowOnFailure
                        .WithMaxTest(under.Interleavings)
                        .WithQuietOnSuccess(true)
                        .WithReplay(
                            under.Seed |> Option.map (fun (seed, gamma) -> { Rnd = Rnd(seed, gamma); Size = None })
                        )

                Check.One(config, Prop.forAll (stories bench.Driver.Owners.IsSome) (run bench drivers))
            })

let tests (under: DriverUnderTest) : Test = testList "model" (randomStories under :: toldStories under)
