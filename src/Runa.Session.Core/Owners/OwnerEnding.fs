namespace Runa.Session

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks

/// A record to be ended: where it stands, and what the list said of it, if it was listed and could be read.
[<Struct; NoComparison; NoEquality>]
type internal Doomed = { Key: StoreKey; Listed: SessionRecord voption }

/// What of a page is to be ended; and what is not, even where a tombstone leads to it.
type internal ChooseDoomed = OwnedPage -> Task<struct (StoreKey voption * Doomed list)>

/// Ends sessions of one owner page by page and in batches, follows tombstones to where they lead, and keeps count of what
/// ended and what could not be ended (promises 9 and 27).
[<Sealed>]
type internal OwnerEnding(definition: SessionDefinition, index: OwnerIndex, owner: string) =
    // As many as DeleteMany takes.
    static let batch = 100
    // Four deletes in a row that fail, or two that are not answered: then the rest would fail, too.
    static let patience = 4
    static let mostPasses = 3

    let mutable ended = 0
    let mutable unreadable = 0
    // Of the last pass; the one before may have left what this one ended.
    let mutable left = 0
    let mutable isBrokenOff = false
    let mutable failure: exn | null = null
    let mutable misses = 0
    // The answer to a batch was lost, and with it where the tombstones led that it removed.
    let mutable isUnsure = false

    let miss (e: SessionStoreException) (weight: int) =
        failure <- e

        misses <-
            misses
            + (match e.InnerException with
               | :? TimeoutException
               | :? OperationCanceledException -> 2
               | _ -> weight)

    let isDown () = misses >= patience

    /// Counts what was removed; where a tombstone of this owner led.
    let settle (removed: SessionRecord voption) : StoreKey voption =
        match removed with
        | ValueSome { Kind = RecordKind.Moved successor; State = { Owner = Some moved } } when moved = owner ->
            ValueSome successor
        | ValueSome record ->
            // What has ended by this clock, and was deleted since it may live by another, does not count.
            if not (SessionRecord.isTombstone record || SessionRecord.isExpired definition.Now record) then
                ended <- ended + 1

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
                | ValueSome _ as removed -> add successors (settle removed)
                // The batch had removed it before it failed, and it may have moved since it was listed.
                | ValueNone ->
                    isUnsure <- true
                    add successors (settle doomed.Listed)

                misses <- 0
            with :? SessionStoreException as e ->
                left <- left + 1
                miss e 1
        }

    let endOneByOne (doomed: Doomed list) (successors: List<StoreKey>) : Task =
        task {
            for one in doomed do
                if isDown () then left <- left + 1 else do! endOne one successors
        }

    let endBatch (doomed: Doomed list) (successors: List<StoreKey>) : Task =
        task {
            try
                let! removed = StoredRecord.deleteMany definition (doomed |> List.map _.Key)
                misses <- 0

                for one in removed do
                    if one.Record.IsNone then
                        unreadable <- unreadable + 1

                    add successors (settle one.Record)
            with :? SessionStoreException as e ->
                miss e 0
                do! endOneByOne doomed successors
        }

    /// `spared` is not ended even if a tombstone leads there.
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

                next <-
                    [ for key in successors do
                          if spared <> ValueSome key && seen.Add key then
                              ({ Key = key; Listed = ValueNone }: Doomed) ]
        }

    let pass (choose: ChooseDoomed) (token: CancellationToken) : Task =
        task {
            let mutable place = None
            let mutable isLast = false

            while not isLast do
                token.ThrowIfCancellationRequested()
                let! page = DriverCall.run definition "list" false (index.List definition.Scope owner place)
                let! struct (spared, doomed) = choose page
                do! endAll spared doomed
                place <- page.Next
                isLast <- place.IsNone || isDown ()

            if place.IsSome then
                isBrokenOff <- true
        }

    /// All that stands on the page.
    static member All(page: OwnedPage) : Doomed list =
        [ for item in page.Items -> { Key = item.Key; Listed = ValueSome item.Record }
          for key in page.Unreadable -> { Key = key; Listed = ValueNone } ]

    /// Ends what is chosen of each page. Raises nothing but its own cancellation: see Answer.
    member _.Run(choose: ChooseDoomed, token: CancellationToken) : Task =
        task {
            let mutable passes = 0

            while passes = 0 || (isUnsure && passes < mostPasses && not (isDown ())) do
                passes <- passes + 1
                left <- 0
                isBrokenOff <- false
                isUnsure <- false
                failure <- null

                try
                    do! pass choose token
                with :? SessionStoreException as e ->
                    isBrokenOff <- true
                    failure <- e
        }

    /// One record, and where it leads.
    member _.One(key: StoreKey, listed: SessionRecord voption) : Task =
        endAll ValueNone [ { Key = key; Listed = listed } ]

    /// The store does not answer any more.
    member _.IsDown = isDown ()

    /// How many living sessions ended. Raises SessionsLeftException where some may have been left. `advancing`: why sign-ins
    /// that were under way could not be made to fail, or null.
    member _.Answer(advancing: exn | null) : int =
        if unreadable > 0 then
            Telemetry.unreadableRecords definition.Name unreadable
            Log.unreadableOwned definition.Log unreadable definition.Name "ended with the other sessions of their owner"

        let told =
            [ if left > 0 then
                  $"{left} were found and could not be ended: they live on"
              if isBrokenOff then
                  "the list of them broke off, so that others may live on"
              if left = 0 && not isBrokenOff && isUnsure then
                  "an answer of the store was lost again and again, so that others may live on"
              if not (isNull advancing) then
                  "sign-ins that were under way at the same time may have succeeded" ]

        match told with
        | [] -> ended
        | told ->
            let why = if isNull failure then advancing else failure
            let told = String.Join("; ", told)

            raise (
                SessionsLeftException(
                    $"{ended} sessions \"{definition.Name}\" of this owner were ended, not all: {told}. Call again when the driver \"{definition.Driver.Name}\" works; that ends what is left. The cause is the inner exception.",
                    ended,
                    left,
                    why
                )
            )
