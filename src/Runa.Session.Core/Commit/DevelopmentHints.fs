namespace Runa.Session

/// Hints for a developer, each given once.
module internal DevelopmentHints =
    /// A cookie of the session's name has the right shape, and nobody whose secret we hold made it.
    let foreignCookie (definition: SessionDefinition) : unit =
        if definition.IsDevelopment && definition.Hints.TryGive "foreign" then
            Log.foreignToken definition.Log definition.Settings.CookieName definition.Name
