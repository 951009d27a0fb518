namespace Runa.Session

/// Limits what a session may hold.
module internal SessionSize =
    /// Raises SessionTooLargeException if the session is larger than the setting MaxBytes (promise 18).
    let check (definition: SessionDefinition) (state: SessionState) : unit =
        let most = definition.Settings.MaxBytes

        if not (SessionState.isSmall most state) then
            let size = SessionState.bytes state

            if size > most then
                raise (SessionTooLargeException.ForSetting(definition.Name, size, most, SessionState.largest state))
