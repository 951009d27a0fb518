namespace Runa.Session

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks

/// A record to delete: its store key, and the record itself if it was found there and could be read.
[<Struct; NoComparison; NoEquality>]
type internal Doomed = { Key: StoreKey; Listed: SessionRecord voption }

/// Chooses the records of a page to delete, and a key that stays even if a tombstone leads to it.
type internal ChooseDoomed = OwnedPage -> Task<struct (StoreKey voption * Doomed list)>

/// The result so far of ending an owner's sessions.
[<NoComparison; NoEquality>]
type internal EndingTally =
    {
        Ended: int
        Unreadable: int
        /// The number of sessions that the last pass could not end. An earlier pass may have left sessions that this
        /// one ended.
        Left: int
        IsBrokenOff: bool
        Failure: exn | null
        /// The number of failures in a row.
        Misses: int
        /// The answer to a batch was lost, so it is unknown where the tombstones led that the batch removed.
        IsUnsure: bool
    }

module private EndingTally =
    let none: EndingTally =
        { Ended = 0
          Unreadable = 0
          Left = 0
          IsBrokenOff = false
          Failure = null
          Misses = 0
          IsUnsure = false }

    let nextPass (tally: EndingTally) : EndingTally =
        { none with Ended = tally.Ended; Unreadable = tally.Unreadable; Misses = tally.Misses }

/// Ends sessions of one owner page by page and in batches. It follows tombstones, and counts what was ended and what
/// could not be ended (promises 9 and 27).
[<Sealed>]
type internal OwnerEnding(definition: SessionDefinition, index: OwnerIndex, owner: string) =
    // DeleteMany takes at most this many.
    static let batch = 100
    // After four deletes in a row that fail, or two that are not answered, the others would fail too.
    static let patience = 4
    static let mostPasses = 3

    let mutable tally = EndingTally.none

    let miss (e: SessionStoreException) (weight: int) =
        let weight =
            match e.InnerException with
            | :? TimeoutException
            | :? OperationCanceledException -> 2
            | _ -> weight

        tally <- { tally with Failure = e; Misses = tally.Misses + weight }

    let isDown () = tally.Misses >= patience
    let leaveOne () = tally <- { tally with Left = tally.Left + 1 }

    /// Counts a removed record. Returns where it led, if it was a tombstone of this owner.
    let settle (removed: SessionRecord voption) : StoreKey voption =
        match removed with
        | ValueSome { Kind = RecordKind.Moved successor; State = { Owner = Some moved } } when moved = owner ->
            ValueSome successor
        | ValueSome record ->
            // A session that has ended by this node's clock is deleted too, as it may be alive by another's, but does
            // not count.
            if SessionRecord.isLive definition.Now record then
                tally <- { tally with Ended = tally.Ended + 1 }
                definition.Telemetry.Revoked(1, "asked")

            ValueNone
        | ValueNone -> ValueNone

    let add (successors: List<StoreKey>) (successor: StoreKey voption) =
        match successor with
        | ValueSome key -> successors.Add key
        | ValueNone -> ()

    let endOne (doomed: Doomed) (successors: List<StoreKey>) : Task =
        task {
            try
                match! StoredRecord.delete definition doomed.Key with
                | ValueSome ended as removed ->
                    do! StoreDevices.forget definition [ ended.State ]
                    add successors (settle removed)
                // The failed batch had removed it, and the session may have moved since it was listed.
                | ValueNone ->
                    tally <- { tally with IsUnsure = true }
                    add successors (settle doomed.Listed)

                tally <- { tally with Misses = 0 }
            with :? SessionStoreException as e ->
                leaveOne ()
                miss e 1
        }

    let endOneByOne (doomed: Doomed list) (successors: List<StoreKey>) : Task =
        task {
            for one in doomed do
                if isDown () then leaveOne () else do! endOne one successors
        }

    let endBatch (doomed: Doomed list) (successors: List<StoreKey>) : Task =
        task {
            try
                let! removed = StoredRecord.deleteMany definition (doomed |> List.map _.Key)
                tally <- { tally with Misses = 0 }

                do! StoreDevices.forgetDeleted definition removed

                for one in removed do
                    if one.Record.IsNone then
                        tally <- { tally with Unreadable = tally.Unreadable + 1 }

                    add successors (settle one.Record)
            with :? SessionStoreException as e ->
                miss e 0
                do! endOneByOne doomed successors
        }

    /// What a removed tombstone leads to. None: the session has moved on to another owner. The tombstone that it left there
    /// stays, so that a logout with an older cookie still finds that owner's session.
    let successor (key: StoreKey) : Task<Doomed voption> =
        task {
            let mutable found = ValueNone

            try
                if not (isDown ()) then
                    let! there = StoredRecord.peek definition key
                    found <- there
            with :? SessionStoreException as e ->
                if not (DriverCall.isUnreadable e) then
                    miss e 1

            match found with
            | ValueSome record when record.State.Owner <> Some owner -> return ValueNone
            | _ -> return ValueSome { Key = key; Listed = found }
        }

    /// Ends all of them, and what their tombstones lead to, except `spared`.
    let endAll (spared: StoreKey voption) (doomed: Doomed list) : Task =
        task {
            let seen = HashSet<StoreKey>()
            let mutable next = doomed

            while not next.IsEmpty do
                let successors = List<StoreKey>()

                for chunk in List.chunkBySize batch next do
                    for one in chunk do
                        seen.Add one.Key |> ignore

                    do! endBatch chunk successors

                next <- []

                for key in successors do
                    if spared <> ValueSome key && seen.Add key then
                        match! successor key with
                        | ValueSome one -> next <- one :: next
                        | ValueNone -> ()
        }

    let pass (choose: ChooseDoomed) (token: CancellationToken) : Task =
        task {
            let! isWhole =
                OwnerPages.walk definition index owner token (fun page ->
                    task {
                        let! struct (spared, doomed) = choose page
                        do! endAll spared doomed
                        return isDown ()
                    })

            if not isWhole then
                tally <- { tally with IsBrokenOff = true }
        }

    /// All records of the page.
    static member All(page: OwnedPage) : Doomed list =
        [ for item in page.Items -> { Key = item.Key; Listed = ValueSome item.Record }
          for key in page.Unreadable -> { Key = key; Listed = ValueNone } ]

    /// Ends what is chosen from each page. Raises OperationCanceledException only; Answer reports failures.
    member _.Run(choose: ChooseDoomed, token: CancellationToken) : Task =
        task {
            let mutable passes = 0

            while passes = 0 || (tally.IsUnsure && passes < mostPasses && not (isDown ())) do
                passes <- passes + 1
                tally <- EndingTally.nextPass tally

                try
                    do! pass choose token
                with :? SessionStoreException as e ->
                    tally <- { tally with IsBrokenOff = true; Failure = e }
        }

    /// Ends one record, and what it leads to.
    member _.One(key: StoreKey, listed: SessionRecord voption) : Task =
        endAll ValueNone [ { Key = key; Listed = listed } ]

    /// Whether so many calls failed that the store counts as down.
    member _.IsDown = isDown ()

    /// The number of live sessions that were ended. Raises SessionsLeftException if others may still be alive.
    /// `advancing` is why sign-ins at the same time could not be made to fail; null: they were.
    member _.Answer(advancing: exn | null) : int =
        if tally.Unreadable > 0 then
            Unreadable.count definition tally.Unreadable
            Log.unreadableOwned
                definition.Log
                tally.Unreadable
                definition.Name
                "ended with the other sessions of their owner"

        let told =
            [ if tally.Left > 0 then
                  $"{tally.Left} were found but could not be ended, and are still alive"
              if tally.IsBrokenOff then
                  "the list of them broke off, so others may still be alive"
              if tally.Left = 0 && not tally.IsBrokenOff && tally.IsUnsure then
                  "answers of the store were lost again and again, so others may still be alive"
              if not (isNull advancing) then
                  "sign-ins that were under way at the same time may have succeeded" ]

        match told with
        | [] -> tally.Ended
        | told ->
            let why = if isNull tally.Failure then advancing else tally.Failure
            let told = String.Join("; ", told)

            raise (
                SessionsLeftException(
                    $"{tally.Ended} sessions \"{definition.Name}\" of this owner were ended, but not all: {told}. Call again when the driver \"{definition.Driver.Name}\" works, to end the others. The cause is the inner exception.",
                    tally.Ended,
                    tally.Left,
                    why
                )
            )
