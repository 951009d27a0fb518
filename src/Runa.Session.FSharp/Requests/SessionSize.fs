namespace Runa.Session

/// The bound of what a session may hold.
module internal SessionSize =
    /// Raises SessionTooLargeException over the setting MaxBytes (promise 18).
    let check (session: NamedSession) (state: SessionState) : unit =
        let size = SessionState.bytes state

        if size > session.Settings.MaxBytes then
            raise (
                SessionTooLargeException.ForSetting(
                    session.Name,
                    size,
                    session.Settings.MaxBytes,
                    SessionState.largest state
                )
            )
