namespace Runa.Session

/// Hints for developers, each logged once.
module internal DevelopmentHints =
    /// The session's cookie has the right shape, but none of this application's secrets signed it.
    let foreignCookie (definition: SessionDefinition) : unit =
        if definition.IsDevelopment && definition.Hints.TryGive "foreign" then
            Log.foreignToken definition.Log definition.Settings.CookieName definition.Name
