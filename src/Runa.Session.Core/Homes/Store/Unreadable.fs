namespace Runa.Session

/// Reports stored sessions that cannot be read: damaged, of a newer format, or sealed under another token.
module internal Unreadable =
    let count (definition: SessionDefinition) (number: int) : unit =
        definition.Telemetry.Unreadable number
        definition.Events.Unreadable number

    /// Counts and logs the record, or raises SessionStoreException if the setting on_unreadable is error. `why` is a
    /// sentence and contains nothing of what is stored (promise 5).
    let report (definition: SessionDefinition) (why: string) (cause: exn | null) : unit =
        count definition 1

        match definition.Settings.OnUnreadable with
        | OnUnreadable.Replace -> Log.unreadable definition.Log definition.Name why
        | OnUnreadable.Error ->
            raise (
                SessionStoreException(
                    $"The session \"{definition.Name}\" (driver \"{definition.Driver.Name}\") cannot be read: {why} Every request with its cookie fails until the record is deleted. To treat such sessions as gone, set on_unreadable to replace.",
                    false,
                    cause
                )
            )

    /// Counts and logs a record that was deleted on request.
    let reportDeleted (definition: SessionDefinition) : unit =
        count definition 1
        Log.unreadableOwned definition.Log 1 definition.Name "deleted, as the application asked"
