namespace Runa.Session

/// Limits what a session may hold.
module internal SessionSize =
    /// Raises SessionTooLargeException if the session is larger than the setting MaxBytes (promise 18).
    let check (definition: SessionDefinition) (state: SessionState) : unit =
        let size = SessionState.bytes state

        if size > definition.Settings.MaxBytes then
            raise (
                SessionTooLargeException.ForSetting(
                    definition.Name,
                    size,
                    definition.Settings.MaxBytes,
                    SessionState.largest state
                )
            )
