namespace Runa.Session

/// Stored sessions that cannot be read: damaged, of a newer format, or sealed under another token.
module internal Unreadable =
    /// Counts and logs it, or raises SessionStoreException where the setting on_unreadable says so. `why` is a sentence, and
    /// holds nothing of what is stored (promise 5).
    let report (session: NamedSession) (why: string) (cause: exn | null) : unit =
        Telemetry.unreadableRecords session.Name 1

        match session.Settings.OnUnreadable with
        | OnUnreadable.Replace -> Log.unreadable session.Log session.Name why
        | OnUnreadable.Error ->
            raise (
                SessionStoreException(
                    $"The session \"{session.Name}\" (driver \"{session.Driver.Name}\") cannot be read: {why} With on_unreadable = \"replace\" it would count as gone.",
                    false,
                    cause
                )
            )

    /// One that was deleted, as was asked for.
    let reportDeleted (session: NamedSession) : unit =
        Telemetry.unreadableRecords session.Name 1
        Log.unreadableOwned session.Log 1 session.Name "deleted, as was asked for"
