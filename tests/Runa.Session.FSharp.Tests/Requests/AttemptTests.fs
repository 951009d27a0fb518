/// What a request does next that tries to commit its step: the whole of Attempt.next, by a table.
module Runa.Session.Tests.AttemptTests

open System
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

// ---- What can come together

let private definition =
    let clock = clock ()
    web clock (memory clock)

let private now = definition.Now
let private place = Unchecked.defaultof<Place>
let private fresh = SessionState.fresh now (TimeSpan.FromHours 2.)
let private owned = { fresh with Owner = Some "alice"; SignedInAt = Some now }

let private record kind state : SessionRecord =
    { Version = RecordVersion.Next()
      Scope = definition.Scope
      State = state
      IdleExpiresAt = ValueNone
      Kind = kind }

let private found kind state = Snapshot.ofRecord definition place (record kind state)
let private live = found RecordKind.Live
let private tombstone = RecordKind.Moved(StoreKey.ofBytes (ReadOnlySpan(Array.create 16 7uy)))
let private past = { fresh with ExpiresAt = now.AddMinutes -1. }

/// By the name that the table has for it. A name of two words is one way of the first.
let private happenings: (string * (unit -> Happened)) list =
    [ "committed", (fun () -> Happened.Committed(Answer.written (live fresh) CookieChange.None))
      "committed, touched", (fun () -> Happened.Committed(Answer.unwritten (live fresh)))
      "overtaken", (fun () -> Happened.Overtaken(record RecordKind.Live fresh))
      "active", (fun () -> Happened.Found(live fresh))
      "active, another's", (fun () -> Happened.Found(live { owned with Owner = Some "bob" }))
      "superseded", (fun () -> Happened.Found(found tombstone fresh))
      "lost, ended", (fun () -> Happened.Found(found RecordKind.Live past))
      "lost, with an old tombstone", (fun () -> Happened.Found(found tombstone past))
      "lost, purged", (fun () -> Happened.Found(Snapshot.gone definition place))
      "lost, missing", (fun () -> Happened.Gone(Snapshot.gone definition place))
      "lost, unreadable", (fun () -> Happened.Gone(Snapshot.unreadable definition place)) ]

let private pendings: (string * (Snapshot -> Session | null)) list =
    [ "none", (fun _ -> null)
      "changes", (fun from -> Session.set note "kept" from.Session)
      "changes, signing out", (fun from -> from.Session |> Session.signOut |> Session.set note "bye")
      "signs in", (fun from -> Session.signIn "bob" from.Session) ]

let private starts: (string * Snapshot) list =
    [ "nobody", live fresh; "nobody, new", Snapshot.none definition; "owner", live owned ]

let private whenGones =
    [ "StepAgain", WhenGone.StepAgain
      "StepAgainUnlessOwned", WhenGone.StepAgainUnlessOwned
      "Raise", WhenGone.Raise ]

let private counts = [ "below", 1; "below, last", 63; "at", 64; "at, past", 65 ]

let private times =
    [ "below", TimeSpan.Zero
      "below, last", TimeSpan.FromSeconds 10.
      "above", TimeSpan.FromSeconds 10. + TimeSpan.FromTicks 1L ]

let private cookies = [ "can be sent", true; "too late", false ]

// ---- What is expected

/// Each row by itself: exactly one must hold for whatever comes together, in whichever order they stand.
/// "-": whatever stands in this column. a/b: one of both. !a: anything but a.
let private table =
    """
    happened  | pending          | when gone | owner  | cookie      | count | time  | next
    committed | -                | -         | -      | -           | -     | -     | finish
    overtaken | -                | -         | -      | -           | below | below | take a turn
    overtaken | -                | -         | -      | -           | at    | -     | give up: it kept changing
    overtaken | -                | -         | -      | -           | below | above | give up: it kept changing
    active    | none             | -         | -      | -           | -     | -     | step
    active    | changes/signs in | -         | -      | -           | -     | -     | merge
    superseded| none             | -         | -      | -           | -     | -     | step
    superseded| changes/signs in | -         | -      | -           | -     | -     | merge
    lost      | none             | StepAgain | -      | -           | -     | -     | start over
    lost      | none             | !StepAgain| nobody | -           | -     | -     | start over
    lost      | none             | !StepAgain| owner  | -           | -     | -     | start over, writing nothing
    lost      | changes/signs in | !StepAgain| owner  | -           | -     | -     | give up: it ended while the handler ran
    lost      | changes/signs in | StepAgain | owner  | -           | -     | -     | start over, dropping
    lost      | signs in         | -         | nobody | -           | -     | -     | give up: it ended while the handler signed in
    lost      | changes          | !Raise    | nobody | -           | -     | -     | start over, dropping
    lost      | changes          | Raise     | nobody | can be sent | -     | -     | start over, dropping
    lost      | changes          | Raise     | nobody | too late    | -     | -     | give up: there can be no new one
    """

let private rows =
    [ for line in table.Trim().Split '\n' |> Array.skip 1 do
          let cells = line.Split '|' |> Array.map _.Trim() |> List.ofArray
          List.take 7 cells, cells[7] ]

let private matches (cell: string, name: string) =
    let kind = name.Split(", ")[0]

    cell = "-"
    || (cell.StartsWith '!' && cell.Substring 1 <> kind)
    || (cell.Split '/' |> Array.contains kind)

/// What the table says of what comes together, by its names.
let private expected (names: string list) : string list =
    rows |> List.filter (fun (cells, _) -> List.zip cells names |> List.forall matches) |> List.map snd

// ---- What comes of it

let private same (a: objnull) (b: objnull) = Object.ReferenceEquals(a, b)

let private whys =
    [ "it kept changing for", "it kept changing"
      "it was signed in, and ended while the handler ran", "it ended while the handler ran"
      "it ended while the handler that signed in ran", "it ended while the handler signed in"
      "a new one needs a cookie, which cannot be sent any more", "there can be no new one" ]

/// In the words of the table. What is handed on must be what came in.
let private told (attempt: Attempt) (happened: Happened) : string =
    let isPending (session: Session) =
        match attempt.Pending with
        | null -> false
        | pending -> same session pending

    match Attempt.next attempt happened, happened with
    | Next.Finish answer, Happened.Committed was when
        same answer.Snapshot was.Snapshot && answer.IsWritten = was.IsWritten
        ->
        "finish"
    | Next.TakeTurn current, Happened.Overtaken was when same current was -> "take a turn"
    | Next.Step snapshot, Happened.Found was when same snapshot was -> "step"
    | Next.Merge(snapshot, pending), Happened.Found was when same snapshot was && isPending pending -> "merge"
    | Next.StartOver(empty, mayWrite, isDropped), (Happened.Found was | Happened.Gone was) when same empty was ->
        match mayWrite, isDropped with
        | true, false -> "start over"
        | true, true -> "start over, dropping"
        | false, false -> "start over, writing nothing"
        | false, true -> "start over, dropping and writing nothing"
    | Next.GiveUp why, _ ->
        match whys |> List.filter (fun (text, _) -> why.Contains(text, StringComparison.Ordinal)) with
        | [ _, name ] -> $"give up: {name}"
        | _ -> $"give up, and say: {why}"
    | _ -> "hand on something else than came in"

/// Everything that can come together: the names of it, and what comes of it.
let private everything: (string list * (unit -> string)) list =
    [ for happened, happening in happenings do
          for start, from in starts do
              for pending, make in pendings do
                  for gone, whenGone in whenGones do
                      for cookie, canSend in cookies do
                          for count, attempts in counts do
                              for time, elapsed in times do
                                  [ happened; pending; gone; start; cookie; count; time ],
                                  (fun () ->
                                      told
                                          { WhenGone = whenGone
                                            CanSendCookie = canSend
                                            From = from
                                            Pending = make from
                                            Count = attempts
                                            Elapsed = elapsed }
                                          (happening ())) ]

// ---- Single ones, to read

/// The first attempt of a pure step on a visitor's session, whose response has not started.
let private first =
    { WhenGone = WhenGone.StepAgainUnlessOwned
      CanSendCookie = true
      From = live fresh
      Pending = null
      Count = 1
      Elapsed = TimeSpan.Zero }

let private handlerMade change (attempt: Attempt) = { attempt with Pending = change attempt.From.Session }
let private changed = handlerMade (Session.set note "mine")
let private ofAlice = { first with From = live owned }
let private overtaken = Happened.Overtaken(record RecordKind.Live fresh)
let private stillThere = Happened.Found(live fresh)
let private gone = Happened.Gone(Snapshot.gone definition place)
let private moved = Happened.Found(found tombstone fresh)

[<Tests>]
let tests =
    testList
        "Attempt"
        [ test "the table says one thing, and no more, of whatever comes together" {
              for names, _ in everything do
                  let listed = String.Join(" | ", names)

                  match expected names with
                  | [ _ ] -> ()
                  | [] -> failtest $"no row of the table is for: {listed}"
                  | several -> failtest $"{several.Length} rows of the table are for: {listed}"
          }

          test "no row of the table is for nothing" {
              for cells, _ in rows do
                  let some = everything |> List.exists (fun (names, _) -> List.zip cells names |> List.forall matches)
                  Expect.isTrue some (String.Join(" | ", cells))
          }

          test "whatever comes together, next is what the table says" {
              let wrong =
                  [ for names, run in everything do
                        let says = List.head (expected names)
                        let does = run ()

                        if does <> says then
                            let listed = String.Join(" | ", names)
                            $"{listed}: the table says {says}, Attempt.next says: {does}" ]

              if not wrong.IsEmpty then
                  let shown = List.truncate 20 wrong
                  failtest (String.Join('\n', $"{wrong.Length} of {everything.Length} are wrong:" :: shown))
          }

          for name, attempt, happened, next in
              [ "a step that was committed is done", first, Happened.Committed(Answer.unwritten first.From), "finish"
                "promise 12: a step that another request overtook waits for its turn", first, overtaken, "take a turn"
                "in its turn the step runs again, on what stands now", first, stillThere, "step"
                "promise 12: what a run-once handler made is merged onto what stands now",
                changed first,
                stillThere,
                "merge"
                "the 63rd attempt that is overtaken is not the last",
                { first with Count = 63 },
                overtaken,
                "take a turn"
                "the 64th attempt that is overtaken is the last",
                { first with Count = 64 },
                overtaken,
                "give up: it kept changing"
                "a commit that took over 10 seconds still counts",
                { first with Elapsed = TimeSpan.FromSeconds 11. },
                Happened.Committed(Answer.unwritten first.From),
                "finish"
                "promise 9: a visitor's step whose session has ended runs again on an empty one",
                first,
                gone,
                "start over"
                "an owner's step runs again on an empty session, and must leave it empty",
                ofAlice,
                gone,
                "start over, writing nothing"
                "a step that asks for the owner itself may do as it likes with the empty session",
                { ofAlice with WhenGone = WhenGone.StepAgain },
                gone,
                "start over"
                "what a handler changed in a visitor's session is dropped with it",
                changed first,
                gone,
                "start over, dropping"
                "what a handler changed in an owner's session is not dropped in silence",
                changed ofAlice,
                gone,
                "give up: it ended while the handler ran"
                "promise 14: a sign-in to a session that has ended is not dropped in silence",
                handlerMade (Session.signIn "alice") first,
                gone,
                "give up: it ended while the handler signed in"
                "a stream is told that its visitor's session has ended",
                { changed first with WhenGone = WhenGone.Raise; CanSendCookie = false },
                gone,
                "give up: there can be no new one"
                "promise 4: under a token that was exchanged the step runs, to read an empty session",
                first,
                moved,
                "step" ] do
              test name { Expect.equal (told attempt happened) next "next" } ]
