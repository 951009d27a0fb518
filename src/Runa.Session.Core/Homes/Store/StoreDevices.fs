namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks

/// A device as the store knows it.
[<NoComparison; NoEquality>]
type internal KnownDevice = { Record: SessionRecord; Key: DeviceKey }

/// The records of devices: a public key each, beside the sessions in their store.
module internal StoreDevices =
    let private keyName = "key"

    /// The record of a device.
    let private record (devices: Devices) now owner ends (key: DeviceKey) : SessionRecord =
        { Version = RecordVersion.Next()
          Scope = devices.Scope
          State =
            { SessionState.fresh now (ends - now) with
                Owner = Some owner
                Values = Map.ofList [ keyName, DeviceKey.toJson key ] }
          IdleExpiresAt = ValueNone
          Kind = RecordKind.Live }

    let private ofRecord (devices: Devices) (record: SessionRecord) : KnownDevice voption =
        match record.State.Values.TryFind keyName with
        | Some json when record.Scope = devices.Scope ->
            match DeviceKey.ofJson json with
            | Some key -> ValueSome { Record = record; Key = key }
            | None -> ValueNone
        | _ -> ValueNone

    /// The device of this id. ValueNone: there is none, or it cannot be read. Raises SessionStoreException.
    let load (definition: SessionDefinition) (devices: Devices) (id: string) : Task<KnownDevice voption> =
        task {
            try
                match! StoredRecord.peek definition (devices.KeyOf id) with
                | ValueSome record when not (SessionRecord.isExpired definition.Now record) ->
                    return ofRecord devices record
                | _ -> return ValueNone
            with e when DriverCall.isUnreadable e ->
                return ValueNone
        }

    /// Whether a write that failed was stored after all. Browsers do not repeat a registration that failed.
    let private stands (definition: SessionDefinition) (key: StoreKey) (record: SessionRecord) : Task<bool> =
        task {
            match! StoredRecord.peek definition key with
            | ValueSome found -> return found.Version = record.Version
            | ValueNone -> return false
        }

    /// Stores the device. ValueNone: there is one of this id. Raises SessionStoreException.
    let create (definition: SessionDefinition) (devices: Devices) id owner ends key : Task<KnownDevice voption> =
        let stored = devices.KeyOf id
        let record = record devices definition.Now owner ends key

        task {
            let! isNew =
                task {
                    try
                        return! DriverCall.run definition "create device" true (definition.Driver.Create stored record)
                    with :? SessionStoreException as e when e.MayHaveBeenSaved ->
                        let! isStored = stands definition stored record

                        if not isStored then
                            ExceptionDispatchInfo.Throw e

                        return true
                }

            return if isNew then ValueSome { Record = record; Key = key } else ValueNone
        }

    /// Stores that the device has proved itself, so that no other proof by the same challenge is accepted. `ends`: its
    /// new end, if its session is known. Returns the new version. ValueNone: another proof was first, or the device is gone. Raises
    /// SessionStoreException.
    let accept
        (definition: SessionDefinition)
        (devices: Devices)
        (id: string)
        (device: KnownDevice)
        (ends: DateTimeOffset voption)
        : Task<RecordVersion voption> =
        task {
            let state = device.Record.State
            let version = device.Record.Version

            let record =
                { device.Record with
                    Version = RecordVersion.Next()
                    State =
                        { state with
                            LastSeenAt = definition.Now
                            ExpiresAt = ValueOption.defaultValue state.ExpiresAt ends } }

            match!
                DriverCall.run
                    definition
                    "replace device"
                    true
                    (definition.Driver.Replace (devices.KeyOf id) version record)
            with
            | ReplaceResult.Replaced -> return ValueSome record.Version
            | ReplaceResult.Missing
            | ReplaceResult.Conflict _ -> return ValueNone
        }

    let private deletedQuietly (definition: SessionDefinition) (keys: StoreKey list) : Task =
        task {
            try
                let! _ = StoredRecord.deleteMany definition keys
                ()
            with :? SessionStoreException ->
                // It ends with its session's time, and proves nothing without a session.
                ()
        }

    /// Forgets the devices of sessions that have ended. If the store fails, they stay until their end, and prove nothing.
    let forget (definition: SessionDefinition) (ended: SessionState list) : Task =
        match definition.Devices with
        | ValueNone -> Task.CompletedTask
        | ValueSome devices ->
            match ended |> List.choose Binding.deviceId with
            | [] -> Task.CompletedTask
            | ids -> deletedQuietly definition (ids |> List.map devices.KeyOf)

    /// Forgets the devices of sessions that were deleted.
    let forgetDeleted (definition: SessionDefinition) (deleted: DeletedRecord list) : Task =
        if definition.Devices.IsNone then
            Task.CompletedTask
        else
            forget definition (deleted |> List.collect (fun one -> ValueOption.toList one.Record) |> List.map _.State)

    /// Forgets a device that a session has no more, since another user signed in.
    let forgetReplaced (definition: SessionDefinition) (before: SessionState) (after: SessionState) : Task =
        if before.Device.IsSome && Binding.deviceId before <> Binding.deviceId after then
            forget definition [ before ]
        else
            Task.CompletedTask

    /// Forgets all devices of the sessions of this name.
    let forgetAll (definition: SessionDefinition) token : Task =
        task {
            match definition.Devices, definition.Driver.Owners with
            | ValueSome devices, ValueSome owners ->
                try
                    let! _ = DriverCall.runLong definition "delete all" true token (owners.DeleteAll devices.Scope)

                    ()
                with :? SessionStoreException ->
                    ()
            | _ -> ()
        }
