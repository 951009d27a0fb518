/// A request beside a model of it that is a few sets and maps.
module internal Runa.Session.Tests.WorkModel

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session.TestSupport
open Runa.Session
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Snapshots
open Runa.Session.Tests.WorkActs

/// A commit under way: from where, and what had been set by then.
type Commit =
    {
        From: Snapshot
        Set: Session | null
        /// The values that the rest of the request sees meanwhile.
        Seen: Map<string, string>
        /// The values that are stored.
        Stores: Map<string, string>
    }

/// A run-once step under way: where it began, what it was given, and what had been set by then.
type Once =
    {
        Start: Snapshot
        Session: Session
        Before: Session | null
        /// The values that it was given, and the version of the record they are from.
        Values: Map<string, string>
        Version: int64
    }

/// The request, and what it must be by what has been done to it.
type World =
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

let nothing =
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

let refuseShown world = { world with Shown = []; Refused = world.Shown @ world.Refused }

/// Key by key: what was changed since wins.
let carried (was: Map<string, string>) (mine: Map<string, string>) (theirs: Map<string, string>) =
    Map
        [ for key in [ "a"; "b"; "c"; "d" ] do
              match (if mine.TryFind key = was.TryFind key then theirs else mine).TryFind key with
              | Some value -> key, value
              | None -> () ]

let plus (more: (string * string) list) (values: Map<string, string>) =
    more |> List.fold (fun (all: Map<string, string>) (key, value) -> all.Add(key, value)) values

let isGiven world (origin: SessionOrigin) = world.Given |> List.exists (same origin)

let isShown world (origin: SessionOrigin) =
    world.Shown @ world.Refused |> List.exists (fun session -> same session.Origin origin)

let put key value (from: Session) world =
    let values = valuesOf from |> Map.add key value
    let wanted = set key value from
    let work = Work.put wanted world.Work
    let left = Work.current work
    same left.State wanted.State |> Expect.isTrue "what stands has the state that was put"
    same left.Change wanted.Change |> Expect.isTrue "and its change"
    refuseShown { world with Work = work; Set = Some values }

let show world =
    let struct (session, work) = Work.show world.Work
    Work.isShown session work |> Expect.isTrue "what is shown may come back"
    isGiven world session.Origin
    |> Expect.isFalse "what is shown was not made from what a step was given"

    session, { world with Work = work; Shown = session :: world.Shown }

let give world =
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

let settle (commit: Commit) ending world =
    let settled version state isWritten cookie world =
        let answer = { Answer.written (snapshotOf version state) cookie with IsWritten = isWritten }

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
            Set =
                match world.Set with
                | Some mine when Work.isSetSince commit.Set world.Work -> Some(carried commit.Seen mine world.Stored)
                | _ -> None
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

let isLoaded world = Work.isLoaded world.Work

let run (world: World) (act: Act) : World =
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
