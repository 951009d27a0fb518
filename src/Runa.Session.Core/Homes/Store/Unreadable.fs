namespace Runa.Session

/// Stored sessions that cannot be read: damaged, of a newer format, or sealed under another token.
module internal Unreadable =
    /// Counts and logs it, or raises SessionStoreException where the setting on_unreadable says so. `why` is a sentence, and
    /// holds nothing of what is stored (promise 5).
    let report (definition: SessionDefinition) (why: string) (cause: exn | null) : unit =
        Telemetry.unreadableRecords definition.Name 1

        match definition.Settings.OnUnreadable with
        | OnUnreadable.Replace -> Log.unreadable definition.Log definition.Name why
        | OnUnreadable.Error ->
            raise (
                SessionStoreException(
                    $"The session \"{definition.Name}\" (driver \"{definition.Driver.Name}\") cannot be read: {why} With on_unreadable = \"replace\" it would count as gone.",
                    false,
                    cause
                )
            )

    /// One that was deleted, as was asked for.
    let reportDeleted (definition: SessionDefinition) : unit =
        Telemetry.unreadableRecords definition.Name 1
        Log.unreadableOwned definition.Log 1 definition.Name "deleted, as was asked for"
