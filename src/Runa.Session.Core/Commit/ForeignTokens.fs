namespace Runa.Session

/// Tells of tokens that have the right shape, but that none of this application's secrets signed.
module internal ForeignTokens =
    /// Counts one, and tells those who listen to events.
    let count (definition: SessionDefinition) : unit =
        definition.Telemetry.ForeignToken()
        definition.Events.ForgedToken()

    /// Logs it, once for each session name. Said in Production, too: it is what two servers with different secrets look like.
    let hint (definition: SessionDefinition) : unit =
        if definition.Hints.TryGive "foreign" then
            Log.foreignToken definition.Log definition.Settings.CookieName definition.Name
