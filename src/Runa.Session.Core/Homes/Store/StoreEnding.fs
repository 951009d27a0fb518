namespace Runa.Session

open System.Threading.Tasks

/// Ends stored sessions, over the tombstones that lead to them (promise 9).
module internal StoreEnding =
    /// Deletes what stands there; and where that has become a tombstone, what it leads to.
    let rec private delete (definition: SessionDefinition) (key: StoreKey) : Task<unit> =
        task {
            match! StoredRecord.delete definition key with
            | ValueSome { Kind = RecordKind.Moved successor } -> return! deleteFrom definition successor
            | _ -> return ()
        }

    /// From the far end of the tombstones back: if one deletion fails, the next try still finds the way.
    and private deleteFrom (definition: SessionDefinition) (start: StoreKey) : Task<unit> =
        let rec follow (key: StoreKey) (way: StoreKey list) : Task<StoreKey list> =
            task {
                let looking =
                    task {
                        try
                            return! StoredRecord.peek definition key
                        with e when DriverCall.isUnreadable e ->
                            return ValueNone
                    }

                match! looking with
                | ValueSome { Kind = RecordKind.Moved successor } when not (List.contains successor way) ->
                    return! follow successor (successor :: way)
                | _ -> return way
            }

        task {
            let! way = follow start [ start ]

            for key in way do
                do! delete definition key
        }

    /// Ends the session of the snapshot: what a tombstone leads to goes first.
    let deleteAll (definition: SessionDefinition) (snapshot: Snapshot) : Task<unit> =
        task {
            match snapshot.Record with
            | ValueSome { Kind = RecordKind.Moved successor } -> do! deleteFrom definition successor
            | _ -> ()

            do! delete definition snapshot.Place.Key
        }

    /// Deletes the record, or tells that the store failed.
    let deleteQuietly (definition: SessionDefinition) (key: StoreKey) (failed: exn -> unit) : Task<unit> =
        task {
            try
                let! _ = StoredRecord.delete definition key
                ()
            with :? SessionStoreException as e ->
                failed e
        }

    /// Deletes the record of the snapshot where it could not be read and has been replaced.
    let deleteUnreadable (definition: SessionDefinition) (snapshot: Snapshot) : Task<unit> =
        match snapshot.Remains with
        | Remains.Unreadable ->
            deleteQuietly definition snapshot.Place.Key (fun e -> Log.notRemoved definition.Log definition.Name e)
        | Remains.None
        | Remains.Ended
        | Remains.Moved -> Task.FromResult()
