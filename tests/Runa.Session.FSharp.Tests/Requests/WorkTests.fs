/// What one request knows of one session: the transitions of Work, in any order, beside a model that is a few sets and maps.
module Runa.Session.Tests.WorkTests

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session.TestSupport
open Runa.Session
open Runa.Session.Tests.Requests

// ---- Snapshots of one session

let private definition =
    let clock = clock ()
    web clock (memory clock)

let private now = definition.Now
let private place = Unchecked.defaultof<Place>
let private fresh = SessionState.fresh now (TimeSpan.FromHours 2.)

let private recordOf version state : SessionRecord =
    { Version = RecordVersion.RecordVersion version
      Scope = definition.Scope
      State = state
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

let private snapshotOf version state = Snapshot.ofRecord definition place (recordOf version state)
let private holding values = { fresh with Values = values }
let private same (a: objnull) (b: objnull) = Object.ReferenceEquals(a, b)

/// What a snapshot holds is read from its session alone, as a handler does.
let private valuesOf (session: Session) = session.State.Values

let private set (key: string) (value: string) (session: Session) =
    Session(session.Origin, { session.State with Values = session.State.Values.Add(key, value) }, session.Change)

let private texts change =
    match change with
    | CookieChange.None -> "nothing"
    | CookieChange.Set(value, _, _) -> $"set {value}"
    | CookieChange.Expire held -> $"expire {held}"

// ---- Any sequence of transitions

type private Ending =
    /// The commit stored what was set, and this of the step; another request may have stored something before it.
    | Written of step: (string * string) * theirs: (string * string) list * cookie: int
    /// Nothing new was to be stored: the commit moved the idle end.
    | Touched
    /// Nor was that due.
    | Unchanged

type private Act =
    | Load of (string * string) list
    /// The idle end was moved by a load.
    | Touch
    | Reload of (string * string) list
    | Give
    | Show
    /// A handler changes what it was shown, and sets it.
    | Put of key: string * value: string
    /// The C# package changes what stands, and leaves it.
    | Leave of key: string * value: string
    /// A step begins, and commits; another act of the request may come before its answer.
    | BeginStep
    /// A commit of what was set begins.
    | BeginCommit
    | Settle of Ending
    /// A run-once step begins, and other commits may come before what it changes is committed.
    | BeginOnce
    | EndOnce of key: string * value: string
    | Fail of int
    | Discard

let private pair = Gen.zip (Gen.elements [ "a"; "b"; "c"; "d" ]) (Gen.elements [ "1"; "2"; "3" ])
let private pairs = Gen.listOf pair |> Gen.resize 4

let private ending =
    Gen.frequency
        [ 3, Gen.map3 (fun step theirs cookie -> Written(step, theirs, cookie)) pair pairs (Gen.choose (0, 4))
          2, Gen.constant Touched
          1, Gen.constant Unchanged ]

let private act =
    Gen.frequency
        [ 2, Gen.map Load pairs
          1, Gen.constant Touch
          1, Gen.map Reload pairs
          3, Gen.constant Give
          5, Gen.constant Show
          6, Gen.map Put pair
          2, Gen.map Leave pair
          4, Gen.constant BeginStep
          3, Gen.constant BeginCommit
          7, Gen.map Settle ending
          2, Gen.constant BeginOnce
          3, Gen.map EndOnce pair
          1, Gen.map Fail (Gen.choose (1, 9))
          1, Gen.constant Discard ]

/// A commit under way: from where, and what had been set by then.
type private Commit =
    {
        From: Snapshot
        Set: Session | null
        /// The values that the rest of the request sees meanwhile.
        Seen: Map<string, string>
        /// The values that are stored.
        Stores: Map<string, string>
    }

/// A run-once step under way: where it began, what it was given, and what had been set by then.
type private Once =
    {
        Start: Snapshot
        Session: Session
        Before: Session | null
        /// The values that it was given, and the version of the record they are from.
        Values: Map<string, string>
        Version: int64
    }

/// The request, and what it must be by what has been done to it.
type private World =
    {
        Work: Work
        /// What the first load found, or the touch after it.
        Found: Snapshot
        /// Of the record that stands.
        Version: int64
        /// What must stand.
        Stored: Map<string, string>
        /// What must be set beyond it.
        Set: Map<string, string> option
        Fault: exn | null
        Cookie: string
        /// Origins that were given to steps.
        Given: SessionOrigin list
        /// Shown, and nothing was changed since.
        Shown: Session list
        /// Given out, and to be refused for ever.
        Refused: Session list
        Under: Commit option
        /// The run-once step that began last.
        Once: Once option
    }

let private nothing =
    { Work = Work.none
      Found = null
      Version = 0L
      Stored = Map.empty
      Set = None
      Fault = null
      Cookie = "nothing"
      Given = []
      Shown = []
      Refused = []
      Under = None
      Once = None }

let private refuseShown world = { world with Shown = []; Refused = world.Shown @ world.Refused }

/// Key by key: what was changed since wins.
let private carried (was: Map<string, string>) (mine: Map<string, string>) (theirs: Map<string, string>) =
    Map
        [ for key in [ "a"; "b"; "c"; "d" ] do
              match (if mine.TryFind key = was.TryFind key then theirs else mine).TryFind key with
              | Some value -> key, value
              | None -> () ]

let private plus (more: (string * string) list) (values: Map<string, string>) =
    more |> List.fold (fun (all: Map<string, string>) (key, value) -> all.Add(key, value)) values

let private isGiven world (origin: SessionOrigin) = world.Given |> List.exists (same origin)

let private isShown world (origin: SessionOrigin) =
    world.Shown @ world.Refused |> List.exists (fun session -> same session.Origin origin)

let private put key value (from: Session) world =
    let values = valuesOf from |> Map.add key value
    let wanted = set key value from
    let work = Work.put wanted world.Work
    let left = Work.current work
    same left.State wanted.State |> Expect.isTrue "what stands has the state that was put"
    same left.Change wanted.Change |> Expect.isTrue "and its change"
    refuseShown { world with Work = work; Set = Some values }

let private show world =
    let struct (session, work) = Work.show world.Work
    Work.isShown session work |> Expect.isTrue "what is shown may come back"
    isGiven world session.Origin
    |> Expect.isFalse "what is shown was not made from what a step was given"

    session, { world with Work = work; Shown = session :: world.Shown }

let private give world =
    let struct (from, session, work) = Work.give world.Work
    isGiven world session.Origin |> Expect.isFalse "no step was given a session of this origin before"
    isShown world session.Origin |> Expect.isFalse "nor was one shown"
    same from session.Origin
    |> Expect.isTrue "the session is made from the snapshot that it is given with"

    from,
    session,
    { world with
        Work = work
        Given = session.Origin :: world.Given
        Refused = session :: world.Refused }

let private settle (commit: Commit) ending world =
    let settled version state isWritten cookie world =
        let answer = { Snapshot = snapshotOf version state; Cookie = cookie; IsWritten = isWritten }

        let isPendingStill = Work.isSetSince commit.Set world.Work

        { world with
            Work = Work.settle commit.From commit.Set answer world.Work
            Version = version
            Stored = state.Values
            Set =
                match world.Set with
                | Some mine when isPendingStill -> Some(carried commit.Seen mine state.Values)
                | _ -> None
            Under = None }

    match ending with
    | Touched when commit.Stores = world.Stored ->
        settled world.Version (holding world.Stored) false CookieChange.None world
    | Unchanged when commit.Stores = world.Stored ->
        { world with
            Work = Work.settle commit.From commit.Set (Answer.unwritten commit.From) world.Work
            Set = (if Work.isSetSince commit.Set world.Work then world.Set else None)
            Under = None }
    | Touched
    | Unchanged -> refuseShown (settled (world.Version + 1L) (holding commit.Stores) true CookieChange.None world)
    | Written((key, value), theirs, cookie) ->
        let change, said =
            match cookie with
            | 0 -> CookieChange.Expire 1, "expire 1"
            | 1 -> CookieChange.Set($"t{world.Version}".AsMemory(), now, 0), $"set t{world.Version}"
            | _ -> CookieChange.None, world.Cookie

        let stored = commit.Stores |> plus theirs |> plus [ key, value ]
        refuseShown (settled (world.Version + 1L) (holding stored) true change { world with Cookie = said })

let private isLoaded world = Work.isLoaded world.Work

let private run (world: World) (act: Act) : World =
    match act, world.Under with
    | Load values, _ when not (isLoaded world) ->
        let values = Map.ofList values
        let found = snapshotOf 0L (holding values)

        { world with Work = Work.load found world.Work; Found = found; Stored = values }
    | Fail n, _ ->
        let fault: exn = InvalidOperationException $"fault {n}"

        { world with
            Work = Work.fail fault world.Work
            Fault =
                match world.Fault with
                | null -> fault
                | first -> first }
    | Discard, _ ->
        let work = Work.discard world.Work
        Work.isPending work |> Expect.isFalse "neither a change nor a fault is left"
        { world with Work = work; Set = None; Fault = null }
    | _ when not (isLoaded world) -> world
    // What the load found still stands.
    | Touch, _ when same world.Work.Snapshot world.Found ->
        let touched = snapshotOf world.Version (holding world.Stored)

        { world with Work = Work.load touched world.Work; Found = touched }
    | Reload values, None when world.Set.IsNone ->
        let values = Map.ofList values

        refuseShown
            { world with
                Work = Work.reload (snapshotOf (world.Version + 1L) (holding values)) world.Work
                Version = world.Version + 1L
                Stored = values }
    | Give, _ -> (let _, _, world = give world in world)
    | Show, _ -> snd (show world)
    | Put(key, value), _ ->
        let shown, world = show world
        put key value shown world
    | Leave(key, value), _ -> put key value (Work.current world.Work) world
    | BeginStep, None ->
        let before = world.Work.Pending
        let from, _, world = give world
        let values = Option.defaultValue world.Stored world.Set
        { world with Under = Some { From = from; Set = before; Seen = values; Stores = values } }
    | BeginCommit, None when world.Set.IsSome ->
        { world with
            Under =
                Some
                    { From = world.Work.Snapshot
                      Set = world.Work.Pending
                      Seen = world.Set.Value
                      Stores = world.Set.Value } }
    | Settle ending, Some commit -> settle commit ending world
    | BeginOnce, _ ->
        let start = world.Work.Snapshot
        let before = world.Work.Pending
        let values = Option.defaultValue world.Stored world.Set
        let _, given, world = give world

        { world with
            Once = Some { Start = start; Session = given; Before = before; Values = values; Version = world.Version } }
    | EndOnce(key, value), None ->
        match world.Once with
        | Some once when not (Work.isSetSince once.Before world.Work) ->
            let wanted = set key value once.Session
            let mine = once.Values.Add(key, value)
            let values =
                if once.Version = world.Version then
                    mine
                else
                    carried once.Values mine world.Stored
            let struct (from, session) = Work.carry once.Start once.Session wanted world.Work
            valuesOf session |> Expect.equal "what the run-once step made, on what stands" values
            same session.Origin from |> Expect.isTrue "made from the snapshot that it is committed from"

            { world with
                Under =
                    Some
                        { From = from
                          Set = world.Work.Pending
                          Seen = Option.defaultValue world.Stored world.Set
                          Stores = values }
                Once = None }
        | _ -> world
    | _ -> world

/// What holds after each transition.
let private check world =
    let work = world.Work

    for session in world.Refused do
        Work.isShown session work |> Expect.isFalse "a session given out before the last change is refused"

    for session in world.Shown do
        Work.isShown session work |> Expect.isTrue "what was shown since the last change may come back"

    texts work.Cookie |> Expect.equal "what the browser is told" world.Cookie
    same work.Fault world.Fault |> Expect.isTrue "the first fault stays"

    Work.isPending work
    |> Expect.equal "something is left to be committed" (world.Set.IsSome || not (isNull world.Fault))

    if isLoaded world then
        valuesOf (Work.current work)
        |> Expect.equal "what stands" (Option.defaultValue world.Stored world.Set)

        same (Work.current work).Origin work.Snapshot
        |> Expect.isTrue "what stands was made from the snapshot that stands"

    world

/// Without each one of them, so that what fails is short.
let private shorter (acts: Act list) = seq { for i in 0 .. acts.Length - 1 -> List.removeAt i acts }

// ---- Single ones, to read

let private stored values = snapshotOf 1L (holding (Map.ofList values))
let private later values = snapshotOf 2L (holding (Map.ofList values))
let private loaded values = Work.load (stored values) Work.none

let private putNow key value work = Work.put (set key value (Work.current work)) work

/// Something was committed.
let private wrote snapshot cookie : Answer = Answer.written snapshot cookie

let private taking (session: Session) = snd (Session.takeFlashes notice session)

let private conflict (act: unit -> unit) =
    try
        act ()
        failtest "nothing was raised"
    with :? SessionConflictException as e ->
        e.Message

[<Tests>]
let tests =
    testList
        "Work"
        [ testCase
              "any sequence of transitions: nothing that was overtaken comes back, and nothing that was set is lost"
          <| fun () ->
              Check.One(
                  Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(60).WithQuietOnSuccess true,
                  Prop.forAll (Arb.fromGenShrink (Gen.listOf act, shorter)) (fun acts ->
                      acts |> List.fold (fun world act -> check (run world act)) nothing |> ignore)
              )

          testCase "a second change made from what was shown before the first one is refused"
          <| fun () ->
              let struct (shown, work) = Work.show (loaded [ "a", "1" ])
              Work.isShown shown work |> Expect.isTrue "the first may come back"
              let work = Work.put (set "a" "2" shown) work
              Work.isShown (set "b" "2" shown) work |> Expect.isFalse "the second would undo it"

          testCase "what a step was given cannot be set, also where nothing was shown before"
          <| fun () ->
              let struct (_, given, work) = Work.give (loaded [ "a", "1" ])
              Work.isShown given work |> Expect.isFalse "before"
              let struct (_, work) = Work.show work
              Work.isShown given work |> Expect.isFalse "after"

          testCase "what was set while a commit was under way is still to be committed, on what that stored"
          <| fun () ->
              let work = loaded [ "a", "1" ] |> putNow "a" "2"
              let from, set = work.Snapshot, work.Pending
              let work = work |> putNow "b" "3"
              let work = Work.settle from set (wrote (later [ "a", "2"; "c", "4" ]) CookieChange.None) work
              Work.isPending work |> Expect.isTrue "b"

              valuesOf (Work.current work) |> Expect.equal "on top" (Map [ "a", "2"; "b", "3"; "c", "4" ])

          testCase "what is shown after an idle end was moved, of a change that was set meanwhile, may come back"
          <| fun () ->
              let struct (from, _, work) = Work.give (loaded [])
              let struct (_, work) = Work.show (putNow "a" "1" work)
              let work = Work.settle from null (Answer.unwritten (stored [])) work
              let struct (shown, work) = Work.show work
              valuesOf shown |> Expect.equal "the change" (Map [ "a", "1" ])
              Work.isShown shown work |> Expect.isTrue "what GetSession gives, SetSession takes"

          testCase "a load that moves the idle end carries along what was set meanwhile"
          <| fun () ->
              let work = Work.load (stored []) (loaded [] |> putNow "a" "1")
              let struct (from, given, _) = Work.give work
              same given.Origin from |> Expect.isTrue "made from what stands"
              valuesOf given |> Expect.equal "with the change" (Map [ "a", "1" ])

          testCase "what was set under a commit that another id overtook cannot be carried over"
          <| fun () ->
              let tombstone = RecordKind.Moved(StoreKey.ofBytes (ReadOnlySpan(Array.create 16 7uy)))
              let moved = Snapshot.ofRecord definition place { recordOf 2L fresh with Kind = tombstone }
              let work = loaded [ "a", "1" ]
              let from = work.Snapshot
              let work = work |> putNow "a" "2"

              conflict (fun () -> Work.settle from null (Answer.unwritten moved) work |> ignore)
              |> Expect.stringContains "says why" "new id"

          testCase "promise 16: a flash that a commit under way took is not taken again by what was set meanwhile"
          <| fun () ->
              let flash: Flash = { Id = 5L; Key = "notice"; Json = "\"hello\"" }
              let work = Work.load (snapshotOf 1L { fresh with Flashes = [ flash ] }) Work.none
              let work = work |> Work.put (taking (Work.current work))
              let answer = wrote (later []) CookieChange.None

              // Set from what had taken it: one taking, which is stored.
              let own = Work.settle work.Snapshot work.Pending answer (putNow "a" "1" work)
              (Work.current own).Change.Taken |> Expect.isEmpty "asked for no more"

              // Set while a step took it: two takings, and nobody is told twice.
              let from = work.Snapshot
              conflict (fun () -> Work.settle from null answer work |> ignore)
              |> Expect.stringContains "says why" "flash"

          testCase "promise 12: what a run-once step made is merged onto what it committed itself meanwhile"
          <| fun () ->
              let work = loaded [ "a", "1"; "b", "1" ]
              let struct (start, given, work) = Work.give work
              let work = Work.settle start null (wrote (later [ "a", "2"; "b", "1" ]) CookieChange.None) work
              let struct (from, wanted) = Work.carry start given (set "b" "3" given) work
              valuesOf wanted |> Expect.equal "both" (Map [ "a", "2"; "b", "3" ])
              same wanted.Origin from |> Expect.isTrue "made from what stands"
              from.Since |> Expect.equal "first looked at when the step began" start.Since

          testCase
              "promise 16: a flash that was taken before a run-once step, and committed during it, is not taken again"
          <| fun () ->
              let flash: Flash = { Id = 5L; Key = "notice"; Json = "\"hello\"" }
              let work = Work.load (snapshotOf 1L { fresh with Flashes = [ flash ] }) Work.none
              let work = work |> Work.put (taking (Work.current work))
              let struct (start, given, work) = Work.give work
              let work = Work.settle start work.Pending (wrote (later []) CookieChange.None) work
              let struct (_, wanted) = Work.carry start given (set "a" "1" given) work
              wanted.Change.Taken |> Expect.isEmpty "asked for no more"
              valuesOf wanted |> Expect.equal "what the step made" (Map [ "a", "1" ])

          testCase "a fault stays through a commit, is not covered by another, and goes when the change is discarded"
          <| fun () ->
              let first, second = exn "first", exn "second"
              let work = loaded [] |> putNow "a" "1" |> Work.fail first |> Work.fail second
              let settled = Work.settle work.Snapshot work.Pending (Answer.unwritten work.Snapshot) work
              same settled.Fault first |> Expect.isTrue "the first"
              Work.isPending settled |> Expect.isTrue "still to be raised"
              Work.isPending (Work.discard settled) |> Expect.isFalse "gone"

          testCase "a fault without a session is raised by the commit, too"
          <| fun () ->
              let work = Work.none |> Work.fail (exn "not loaded")
              Work.isLoaded work |> Expect.isFalse "nothing is loaded"
              Work.isPending work |> Expect.isTrue "and something is to be raised"

          testCase "a cookie that the browser is to be told stays until another is"
          <| fun () ->
              let settle answer (work: Work) = Work.settle work.Snapshot null answer work
              let said = CookieChange.Set("token".AsMemory(), now, 0)
              let work = loaded [] |> settle (wrote (later []) said)
              let quiet = work |> settle (wrote (later []) CookieChange.None)
              texts quiet.Cookie |> Expect.equal "not unsaid" "set token"
              let expired = quiet |> settle (wrote (later []) (CookieChange.Expire 0))
              texts expired.Cookie |> Expect.equal "the later one" "expire 0"

          testCase "a session that was set again is told from one that was only moved to another snapshot"
          <| fun () ->
              let work = loaded [] |> putNow "a" "1"
              let struct (_, _, given) = Work.give work
              let struct (_, shown) = Work.show given
              Work.isSetSince work.Pending shown |> Expect.isFalse "moved only"
              Work.isSetSince work.Pending (shown |> putNow "a" "1") |> Expect.isTrue "set again"
              Work.isSetSince null work |> Expect.isTrue "nothing was set before"
              Work.isSetSince work.Pending (Work.discard work) |> Expect.isFalse "nothing is set now"

          testCase "promise 12: what counts or queues is told from what may be saved twice"
          <| fun () ->
              let session = Work.current (loaded [])
              Work.addsUp null |> Expect.isFalse "nothing"
              Work.addsUp (Session.set note "x" session) |> Expect.isFalse "a value that is set"
              let struct (_, counted) = Session.updateAgain count 0 ((+) 1) session
              Work.addsUp counted |> Expect.isTrue "one that is counted, at a merge once more"
              Work.addsUp (Session.flash notice "x" session) |> Expect.isTrue "a flash that is queued" ]
