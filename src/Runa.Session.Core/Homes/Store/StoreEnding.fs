namespace Runa.Session

open System.Threading.Tasks

/// Ends stored sessions, following tombstones (promise 9).
module internal StoreEnding =
    /// Deletes the record. If it has become a tombstone, deletes what it leads to as well.
    let rec private delete (definition: SessionDefinition) (key: StoreKey) : Task<unit> =
        task {
            match! StoredRecord.delete definition key with
            | ValueSome { Kind = RecordKind.Moved successor } -> return! deleteFrom definition successor
            | ValueSome ended -> do! StoreDevices.forget definition [ ended.State ]
            | ValueNone -> ()
        }

    /// Deletes a chain of tombstones from its far end: if one deletion fails, the next try still finds the way.
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

    /// Ends the session of the snapshot. What a tombstone leads to is deleted before the tombstone.
    let deleteAll (definition: SessionDefinition) (snapshot: Snapshot) : Task<unit> =
        task {
            match snapshot.Record with
            | ValueSome { Kind = RecordKind.Moved successor } -> do! deleteFrom definition successor
            | _ -> ()

            do! delete definition snapshot.Place.Key
        }

    /// Deletes the record. If the store fails, calls `failed` and does not raise.
    let deleteQuietly (definition: SessionDefinition) (key: StoreKey) (failed: exn -> unit) : Task<unit> =
        task {
            try
                let! _ = StoredRecord.delete definition key
                ()
            with :? SessionStoreException as e ->
                failed e
        }

    /// Deletes a record that could not be read, after a new session has replaced it.
    let deleteUnreadable (definition: SessionDefinition) (snapshot: Snapshot) : Task<unit> =
        match snapshot.Remains with
        | Remains.Unreadable ->
            deleteQuietly definition snapshot.Place.Key (fun e -> Log.notRemoved definition.Log definition.Name e)
        | Remains.None
        | Remains.Ended
        | Remains.Moved -> Task.FromResult()
